import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ClientOptions, WebSocket } from 'ws'
import type { CreateServerOptions } from '../../src/session/create-server.ts'
import { require_websocket } from '../../src/session/views.ts'
import { blocks } from '../support/readme.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { hostOf, openWs } from '../support/ws-client.ts'

const NGINX = process.env['NGINX'] ?? '/usr/sbin/nginx'
const suiteOfNginx = suite('behind nginx, as the README has it')
const test = existsSync(NGINX)
  ? suiteOfNginx
  : (sentence: string, _body: unknown) => suiteOfNginx.skip(sentence, `${NGINX} is not there; NGINX names another`)

/** Starts nginx with the README's recipe in front of `port`; resolves to its own host and port. */
async function startNginx(t: TestContext, port: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  const place = await freePlace()
  const recipe = blocks
    .find(({ language }) => language === 'nginx')!
    .code.replace('127.0.0.1:8000', `127.0.0.1:${port}`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid nginx.pid; error_log stderr notice; events {}
     http {
       access_log off; ${temporary.map((name) => `${name}_temp_path ${name};`).join(' ')}
       server { listen ${place}; ${recipe} }
     }`,
  )
  const child = spawn(NGINX, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise((resolve) => child.once('close', resolve))
  t.after(async () => {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true })
  })
  let said = ''
  for await (const line of createInterface(child.stderr)) {
    said += `${line}\n`
    if (!line.includes('start worker process ')) continue
    child.stderr.resume()
    return place
  }
  throw new Error(`nginx ended:\n${said}`)
}

/** nginx cannot be asked for a free port: one that was free a moment ago. */
async function freePlace(): Promise<string> {
  const server = createNetServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const place = hostOf(server.address() as never)
  await new Promise((resolve) => server.close(resolve))
  return place
}

/** The status of the answer that refuses a request. */
function refusedStatus(url: string, options: ClientOptions): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options)
    socket.on('open', () => reject(new Error('the server accepted')))
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume()
      resolve(response.statusCode)
    })
  })
}

const echo = require_websocket(async ({ websocket }) => {
  for await (const message of websocket) await websocket.send(message)
})

async function serveBehind(t: TestContext, options: CreateServerOptions = {}): Promise<string> {
  const { http } = await serve(t, { urls: { '/echo': echo }, ...options })
  return startNginx(t, new URL(http).port)
}

test('echoes, and closes in order', async (t) => {
  const place = await serveBehind(t)
  const client = await openWs(`ws://${place}/echo`)
  for (const message of ['hello', Buffer.alloc(70_000, 7)]) {
    client.send(message)
    assert.equal(await client.next(), message)
  }
  client.socket.close(3001)
  assert.is(await client.closed, '3001')
})

test('lets pages of its own host in, by http and by https, and no other', async (t) => {
  const place = await serveBehind(t)
  for (const scheme of ['http', 'https']) {
    const { socket } = await openWs(`ws://${place}/echo`, [], { origin: `${scheme}://${place}` })
    assert.is(socket.readyState, socket.OPEN)
  }
  assert.is(await refusedStatus(`ws://${place}/echo`, { origin: 'https://elsewhere.example' }), 403)
})

test('counts clients, not the proxy, with trustedProxies', async (t) => {
  const place = await serveBehind(t, { maxConnectionsPerAddress: 1, trustedProxies: ['127.0.0.1'] })
  await openWs(`ws://${place}/echo`, [], { localAddress: '127.0.0.2' })
  await openWs(`ws://${place}/echo`, [], { localAddress: '127.0.0.3' })
  assert.is(await refusedStatus(`ws://${place}/echo`, { localAddress: '127.0.0.2' }), 503)
})
