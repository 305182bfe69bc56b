import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { blocks } from './documents.ts'
import { nginx } from './need.ts'
import type { TestContext } from './unit.ts'

/** Another process may take the free port between the search for it and nginx's attempt to bind it. */
const MAX_ATTEMPTS = 3

/** Starts nginx with the documents' recipe before the application on `port`; it ends with the test. Resolves to its host. */
export async function startNginx(t: TestContext, port: number): Promise<string> {
  const recipe = blocks.find(({ language }) => language === 'nginx')
  if (recipe === undefined) throw new Error('the documents have no recipe for nginx')
  let complaints = ''
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const host = `127.0.0.1:${await findFreePort()}`
    const server = `server { listen ${host}; ${recipe.code.replace('127.0.0.1:8000', `127.0.0.1:${port}`)} }`
    complaints = await tryNginx(t, server)
    if (complaints === '') return host
  }
  throw new Error(`nginx ended before it served:\n${complaints}`)
}

/** Resolves to nothing when nginx serves, to what it said when it ended instead. */
async function tryNginx(t: TestContext, server: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid nginx.pid; error_log stderr notice; events {}
     http { access_log off; ${temporary.join(' ')} ${server} }`,
  )
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
  const child = spawn(nginx.path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
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
