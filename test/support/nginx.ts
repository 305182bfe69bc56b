import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from './unit.ts'

const CONFIGURATION = new URL('../fixtures/nginx/nginx.conf', import.meta.url)

const CANDIDATES = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx']

/** Between the look for a free port and nginx's own try somebody else may have taken it. */
const MAX_ATTEMPTS = 3

/** The nginx that is there: `NGINX_PATH`, else the usual places; `null` when there is none. */
export function findNginx(): string | null {
  const fromEnvironment = process.env.NGINX_PATH
  const candidates = fromEnvironment === undefined ? CANDIDATES : [fromEnvironment]
  return candidates.find((path) => existsSync(path)) ?? null
}

/** Starts nginx before the application on `port`, in a folder of its own; it ends with the test. Resolves to its host. */
export async function startNginx(t: TestContext, program: string, port: number): Promise<string> {
  let complaints = ''
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const host = `127.0.0.1:${await findFreePort()}`
    complaints = await tryNginx(t, program, { listen: host, upstream: `127.0.0.1:${port}` })
    if (complaints === '') return host
  }
  throw new Error(`nginx ended before it served:\n${complaints}`)
}

/** Resolves to nothing when nginx serves, to what it said when it ended instead. */
async function tryNginx(t: TestContext, program: string, at: { listen: string; upstream: string }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'temp'))
  const configuration = readFileSync(CONFIGURATION, 'utf8')
  writeFileSync(
    join(folder, 'nginx.conf'),
    configuration.replace('127.0.0.1:8080', at.listen).replace('127.0.0.1:8000', at.upstream),
  )
  // Root's nginx would hand its workers to a user who cannot enter the folder.
  const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : ''
  const args = ['-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr', '-g', `daemon off; ${user}`]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  t.after(() => {
    child.kill('SIGTERM')
    return exited
  })
  let complaints = ''
  for await (const line of createInterface(child.stderr)) {
    complaints += `${line}\n`
    if (!line.includes('start worker process ')) continue
    child.stderr.resume()
    return ''
  }
  return complaints
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
