import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack, runIn } from '../packed.ts'

/*
 * npm run ws:dependents -- [--first | NAME...]: installs this package, as it would be published, and the newest version
 * of packages that use npm ws into a new folder, with an override of ws, and runs a program for each package on the
 * drop-in. `--first` runs those of CI.
 */

/** The packages that each program of `programs/` needs. */
const dependents: Record<string, string[]> = {
  'socket.io': ['socket.io', 'socket.io-client'],
  'engine.io': ['engine.io', 'engine.io-client'],
  'graphql-ws': ['graphql', 'graphql-ws'],
  trpc: ['@trpc/server', '@trpc/client'],
  fastify: ['fastify', '@fastify/websocket'],
  nestjs: ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/platform-ws', '@nestjs/websockets'],
  hono: ['hono', '@hono/node-server', '@hono/node-ws'],
  crossws: ['crossws'],
  'y-websocket': ['yjs', 'y-websocket'],
  mqtt: ['mqtt', 'aedes'],
  colyseus: ['@colyseus/core', '@colyseus/schema', '@colyseus/sdk', '@colyseus/ws-transport'],
  'webpack-dev-server': ['webpack', 'webpack-dev-server'],
  'express-ws': ['express', 'express-ws'],
  'puppeteer-core': ['puppeteer-core'],
  ethers: ['ethers'],
}
const FIRST = ['socket.io', 'engine.io', 'graphql-ws', 'trpc', 'fastify']
/** Packages that need other packages beside them. */
const companions: Record<string, string[]> = { nestjs: ['reflect-metadata', 'rxjs'] }

const folder = mkdtempSync(join(tmpdir(), 'ws-dependents-'))
const args = process.argv.slice(2)
const names = args.includes('--first') ? FIRST : args.length > 0 ? args : Object.keys(dependents)
let failed = 0

function install(): void {
  const packages = names.flatMap((name) => [...dependents[name], ...(companions[name] ?? [])])
  const manifest = {
    private: true,
    type: 'module',
    dependencies: {
      dwebsocket: `file:${pack(folder)}`,
      ws: 'file:./node_modules/dwebsocket/ws',
      ...Object.fromEntries(packages.map((name) => [name, '*'])),
    },
    overrides: { ws: '$ws' },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  runIn(folder, 'npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-dedupe'])
  cpSync(fileURLToPath(new URL('programs', import.meta.url)), folder, { recursive: true })
}

function versionOf(name: string): string {
  const file = join(folder, 'node_modules', name, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : '?'
}

function tryDependent(name: string): void {
  const versions = dependents[name].map((each) => `${each} ${versionOf(each)}`).join(', ')
  // Some packages leave timers or sockets behind, so the program prints a line when it is done.
  const program = `await import('./${name}.mjs'); console.log('done'); process.exit(0)`
  try {
    const said = runIn(folder, 'timeout', ['60', process.execPath, '--input-type=module', '-e', program])
    if (!said.endsWith('done\n')) throw new Error('ended before its end')
    console.log(`${name}: ok (${versions})`)
  } catch (error) {
    failed++
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    console.log(`failed: ${name} (${versions}): ${message}\n${stdout.slice(-1000)}\n${stderr.slice(-2000)}`)
  }
}

try {
  install()
  for (const name of names) tryDependent(name)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`dependents of npm ws: ${names.length - failed} work, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
