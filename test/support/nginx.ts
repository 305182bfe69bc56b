import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { blocks } from './readme.ts'
import type { TestContext } from './unit.ts'

const CANDIDATES = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx']

/** Between the look for a free port and nginx's own try somebody else may have taken it. */
const MAX_ATTEMPTS = 3

/** The nginx that is there: `NGINX_PATH`, else the usual places; `null` when there is none. */
export function findNginx(): string | null {
  const fromEnvironment = process.env.NGINX_PATH
  const candidates = fromEnvironment === undefined ? CANDIDATES : [fromEnvironment]
  return candidates.find((path) => existsSync(path)) ?? null
}

/** Starts nginx with the README's recipe before the application on `port`; it ends with the test. Resolves to its host. */
export async function startNginx(t: TestContext, program: string, port: number): Promise<string> {
  const recipe = blocks.find(({ language }) => language === 'nginx')
  if (recipe === undefined) throw new Error('the README has no recipe for nginx')
  let complaints = ''
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const host = `127.0.0.1:${await findFreePort()}`
    const server = `server { listen ${host}; ${recipe.code.replace('127.0.0.1:8000', `127.0.0.1:${port}`)} }`
    complaints = await tryNginx(t, program, server)
    if (complaints === '') return host
  }
  throw new Error(`nginx ended before it served:\n${complaints}`)
}

/** Resolves to nothing when nginx serves, to what it said when it ended instead. */
async function tryNginx(t: TestContext, program: string, server: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid nginx.pid; error_log stderr notice; events {}
     http { access_log off; ${temporary.join(' ')} ${server} }`,
  )
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
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
