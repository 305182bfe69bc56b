import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, get } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WsClient from 'ws'
import { WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { echo, runServer } from '../support/running-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('listening')

test('answers plain HTTP on its own port with 426, or by onRequest', async (t) => {
  const { port, server } = await runServer(t)
  const status = (): Promise<number> =>
    new Promise((resolve) =>
      get({ port, host: '127.0.0.1', agent: false }, (response) => resolve(response.resume().statusCode!)),
    )
  assert.is(await status(), 426)
  server.onRequest = (_, response) => void response.end('plain')
  assert.is(await status(), 200)
})

test('listens on a unix socket', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const server = new WebSocketServer()
  server.onConnection = echo
  const path = join(folder, 'socket')
  assert.is(await server.listen(path), path)
  assert.is(server.address(), path)
  const client = await RawClient.open(path)
  client.sendText('through a file')
  await client.receive(1)
  assert.equal(client.texts, ['through a file'])
  await client.close()
  await server.close()
})

test('rejects when the port is in use', async (t) => {
  const { port } = await runServer(t)
  assert.is((await thrownBy(() => new WebSocketServer().listen(port))).code, 'EADDRINUSE')
})

test('attaches to the user’s HTTP server and leaves other protocols to other listeners', async (t) => {
  const http = createHttpServer((_, response) => response.end('site'))
  const server = new WebSocketServer()
  server.onConnection = echo
  server.attach(http)
  const others: string[] = []
  http.on('upgrade', (request, socket) => {
    if (request.headers.upgrade === 'other')
      socket.end('HTTP/1.1 501 Not Implemented\r\n\r\n', () => others.push(request.url!))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => http.close(resolve)))
  const { port } = http.address() as AddressInfo
  const client = await RawClient.open(port)
  client.sendText('x')
  await client.receive(1)
  await client.close()
  const other = RawClient.connect(port)
  other.socket.write('GET /other HTTP/1.1\r\nHost: x\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n')
  await other.until(() => other.closed)
  assert.equal(others, ['/other'])
  await server.close()
})

test('speaks over TLS', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-'))
  t.after(() => rmSync(folder, { recursive: true }))
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ],
    { stdio: 'ignore' },
  )
  const https = createHttpsServer({
    key: readFileSync(join(folder, 'key.pem')),
    cert: readFileSync(join(folder, 'cert.pem')),
  })
  const server = new WebSocketServer()
  server.onConnection = echo
  server.attach(https)
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => https.close(resolve)))
  const { port } = https.address() as AddressInfo
  const client = new WsClient(`wss://localhost:${port}/`, {
    rejectUnauthorized: false,
    origin: `https://localhost:${port}`,
  })
  const reply = new Promise<string>((resolve, reject) => {
    client.on('message', (data) => resolve(data.toString()))
    client.on('error', reject)
  })
  client.on('open', () => client.send('x'.repeat(100_000)))
  assert.is((await reply).length, 100_000)
  const closed = new Promise((resolve) => client.on('close', resolve))
  client.close(1000)
  assert.is(await closed, 1000)
  await server.close()
})
