import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from './certificate.ts'
import { findRecipe } from './documents.ts'
import { haproxy } from './need.ts'
import { reservePort } from './reserved-port.ts'
import { until } from './tick.ts'
import type { TestContext } from './unit.ts'

/** Starts haproxy with TLS, HTTP/2 and HTTP/1.1, which speaks HTTP/2 to the application on `port`. Resolves to its port. */
export async function startHaproxy(t: TestContext, port: number): Promise<number> {
  const own = await reservePort(t)
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { key, cert } = makeCertificate()
  writeFileSync(join(folder, 'both.pem'), Buffer.concat([cert, key]))
  const settings = `global
  maxconn 100
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend public
  bind 127.0.0.1:${own} ssl crt ${join(folder, 'both.pem')} alpn h2,http/1.1
  default_backend application
backend application
  server one 127.0.0.1:${port} proto h2
`
  await runHaproxy(t, own, settings)
  return own
}

/** Starts haproxy with the recipe of the documents, in front of the application on `port`. Resolves to its port. */
export async function startHaproxyRecipe(t: TestContext, port: number): Promise<number> {
  const own = await reservePort(t)
  const { code } = findRecipe('haproxy')
  await runHaproxy(
    t,
    own,
    code.replace('bind :80', `bind 127.0.0.1:${own}`).replace('127.0.0.1:8000', `127.0.0.1:${port}`),
  )
  return own
}

/** Runs haproxy with these settings until the test ends. Resolves once it listens on `port`. */
async function runHaproxy(t: TestContext, port: number, settings: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, settings)
  const child = spawn(haproxy.path, ['-db', '-f', file], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  t.after(() => {
    child.kill('SIGKILL')
    return exited
  })
  await until(() => child.exitCode !== null || isListening(port))
  if (child.exitCode !== null) throw new Error('haproxy ended before it served')
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (isOpen: boolean) => () => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.on('connect', settle(true))
    socket.on('error', settle(false))
  })
}
