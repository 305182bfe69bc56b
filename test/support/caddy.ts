import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { findRecipe } from './documents.ts'
import { caddy } from './need.ts'
import { reservePort } from './reserved-port.ts'
import { until } from './tick.ts'
import type { TestContext } from './unit.ts'

/**
 * Starts Caddy with the recipe of the documents, in front of the application on `port`, until the test ends. It serves
 * `example.com` with a self-signed certificate. Resolves to its port.
 */
export async function startCaddyRecipe(t: TestContext, port: number): Promise<number> {
  const own = await reservePort(t)
  const folder = mkdtempSync(join(tmpdir(), 'caddy-'))
  const { code } = findRecipe('caddy')
  const file = join(folder, 'Caddyfile')
  writeFileSync(
    file,
    `{
  admin off
  auto_https disable_redirects
  default_bind 127.0.0.1
  https_port ${own}
  local_certs
  skip_install_trust
  servers {
    protocols h1 h2
  }
}
${code.replace('127.0.0.1:8000', `127.0.0.1:${port}`)}`,
  )
  const child = spawn(caddy.path, ['run', '--adapter', 'caddyfile', '--config', file], {
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
    rmSync(folder, { recursive: true })
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text
  })
  // It reports a certificate before it uses it.
  await until(() => child.exitCode !== null || servesTls(own))
  if (child.exitCode !== null) throw new Error(`caddy ended before it served:\n${log}`)
  return own
}

function servesTls(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'example.com', rejectUnauthorized: false })
    socket.once('error', () => resolve(false))
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
