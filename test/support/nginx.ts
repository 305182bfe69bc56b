import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRecipe } from './documents.ts'
import { nginx } from './need.ts'
import { matchLine } from './output.ts'
import { reservePort } from './reserved-port.ts'
import type { TestContext } from './unit.ts'

/**
 * Starts nginx with the recipe of the documents, in front of the application on `port`, until the test ends. Resolves
 * to its host.
 */
export async function startNginx(t: TestContext, port: number): Promise<string> {
  const { code } = findRecipe('nginx')
  const host = `127.0.0.1:${await reservePort(t)}`
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid nginx.pid; error_log stderr notice; events {}
     http {
       access_log off; ${temporary.join(' ')}
       server { listen ${host}; ${code.replace('127.0.0.1:8000', `127.0.0.1:${port}`)} }
     }`,
  )
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']
  const child = spawn(nginx.path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  t.after(() => {
    child.kill('SIGTERM')
    return exited
  })
  await matchLine(child.stderr, /start worker process /, 'nginx')
  return host
}
