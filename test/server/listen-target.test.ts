import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocketServer } from '../../src/index.ts'
import { readListenTarget } from '../../src/server/listen-target.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('listen target')

test('reads digits as a port with the host, whether a number or text', () => {
  for (const port of [0, 80, 65_535, '0', '80', '65535']) {
    assert.equal(readListenTarget(port, '127.0.0.1'), { port: Number(port), host: '127.0.0.1' })
  }
})

test('reads text with a slash or backslash, or an abstract socket, as a path', () => {
  for (const path of ['/run/app.sock', './80', 'run/80', '\\\\.\\pipe\\app', '\0app']) {
    assert.equal(readListenTarget(path, '127.0.0.1'), { path })
  }
})

test('throws a RangeError for anything else', async () => {
  for (const value of [
    '',
    ' 80',
    '80 ',
    '8o',
    '-1',
    '65536',
    '99999',
    '1e3',
    '0x50',
    '80.5',
    'localhost',
    'app.sock',
  ]) {
    assert.instance(await thrownBy(() => readListenTarget(value, 'localhost')), RangeError, value)
  }
  for (const value of [-1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, true, {}, [80]]) {
    assert.instance(await thrownBy(() => readListenTarget(value, 'localhost')), RangeError, String(value))
  }
})

test('listen() keeps to the host with a port as text, and rejects for what is neither port nor path', async (t) => {
  const server = new WebSocketServer()
  t.after(() => server.close())
  assert.is(((await server.listen('0')) as AddressInfo).address, '127.0.0.1')
  assert.instance(await thrownBy(() => new WebSocketServer().listen('port')), RangeError)
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const other = new WebSocketServer()
  t.after(() => other.close())
  assert.is(await other.listen(join(folder, '80')), join(folder, '80'))
})
