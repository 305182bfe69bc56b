import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isPrivateHost, parseTarget } from '../../../src/conformance/peer/target.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/peer/target')

test('reads ws, wss and what may be left out', () => {
  const plain = parseTarget('ws://localhost:9001/echo?x=1')
  assert.equal([plain.secure, plain.base.authority, plain.base.path], [false, 'localhost:9001', '/echo?x=1'])
  assert.is(parseTarget('wss://localhost/').secure, true)
  assert.is(parseTarget('localhost:9001').url, 'ws://localhost:9001/')
  assert.is(parseTarget('https://[::1]:8443/').url, 'wss://[::1]:8443/')
})

test('refuses other schemes', async () => {
  assert.match((await thrownBy(() => parseTarget('ftp://localhost/'))).message, 'allowed: ws://, wss://')
})

test('knows which hosts are of this machine or a private network', () => {
  for (const host of [
    'localhost',
    '127.0.0.1',
    '::1',
    '10.1.2.3',
    '192.168.0.1',
    '172.16.0.1',
    'fd00::1',
    'db.internal',
  ]) {
    assert.ok(isPrivateHost(host), host)
  }
  for (const host of ['example.org', '8.8.8.8', '172.32.0.1', '2001:db8::1', 'localhost.example.org']) {
    assert.not.ok(isPrivateHost(host), host)
  }
})

test('connects to another address for a host', async (t) => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const target = parseTarget(`ws://conf.invalid:${port}/`, { resolve: `conf.invalid:${port}:127.0.0.1` })
  assert.is(target.isPrivate, true)
  assert.is(target.base.authority, `conf.invalid:${port}`)
  const { stream } = await target.connect(1000)
  stream.destroy()
})

test('connects to a Unix socket', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'target-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'socket')
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.after(() => server.close())
  const { stream } = await parseTarget('ws://localhost/', { unix: path }).connect(1000)
  stream.destroy()
})

test('a refused connection rejects', async () => {
  assert.match((await thrownBy(() => parseTarget('ws://127.0.0.1:1/').connect(1000))).message, 'ECONNREFUSED')
})
