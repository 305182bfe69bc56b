import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/*
 * npm run ws:dependents: installs this package, as it would be published, and packages that use npm ws into a folder of
 * its own, and lets them do their work on the drop-in.
 */

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ws-dependents-'))
const npm = (args: string[], cwd: string): string => execFileSync('npm', args, { cwd, encoding: 'utf8' })

try {
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT))
  const names = ['socket.io', 'socket.io-client', 'graphql', 'graphql-ws', 'fastify', '@fastify/websocket', 'yjs']
  const newest = Object.fromEntries(names.map((name) => [name, '*']))
  const manifest = {
    private: true,
    type: 'module',
    dependencies: {
      dwebsocket: `file:${filename}`,
      ws: 'file:./node_modules/dwebsocket/ws',
      'y-websocket': '*',
      ...newest,
    },
    overrides: { ws: '$ws' },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  npm(['install', '--no-audit', '--no-fund', '--ignore-scripts'], folder)
  for (const name of ['injected.mjs', 'overridden.mjs']) {
    copyFileSync(fileURLToPath(new URL(name, import.meta.url)), join(folder, name))
    execFileSync(process.execPath, [name], { cwd: folder, stdio: 'inherit', timeout: 60_000 })
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
