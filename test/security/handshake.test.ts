import { connect as connectTcp } from 'node:net'
import { negotiate } from '../../src/deflate/offer.ts'
import { readDeflateOptions } from '../../src/deflate/options.ts'
import { parseExtensions } from '../../src/handshake/header-grammar.ts'
import { startEcho } from '../support/echo-server.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'
import { turns } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'
import { hex } from '../support/wire.ts'

const test = suite('security of the handshake', { timeLimit: 60_000 })

test('S-13: declines window bits out of range and never throws', async (t) => {
  const values = ['7', '16', '0', '-1', '1e9', '""', '"08"', '08', '+9', '8.0', '0x8', ' ', '9999999999999999999999']
  const { port } = await startEcho(t, { deflate: true })
  const offers = values.flatMap((value) =>
    ['server', 'client'].map((side) => `permessage-deflate; ${side}_max_window_bits=${value}`),
  )
  offers.push('permessage-deflate; server_max_window_bits', 'permessage-deflate; server_max_window_bits="16"')
  offers.push('permessage-deflate; server_max_window_bits=9; server_max_window_bits=9')
  for (const offer of offers) {
    const client = await RawClient.open(port, { headers: [`Sec-WebSocket-Extensions: ${offer}`] })
    assert.match(client.head, /^HTTP\/1\.1 (101|400) /, offer)
    assert.not.match(client.head, 'permessage-deflate', offer)
    client.socket.destroy()
    const parsed = parseExtensions(offer)
    if (parsed !== null) assert.is(negotiate(parsed, readDeflateOptions(true)), null, offer)
  }
})

test('S-23: survives a reset at each byte of the handshake', async (t) => {
  const { server, port } = await startEcho(t)
  const request = Buffer.from(upgradeRequest())
  const resetAt = (size: number): Promise<void> =>
    new Promise((resolve) => {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => resolve())
      socket.write(request.subarray(0, size), () => socket.resetAndDestroy())
    })
  for (let round = 0; round * request.length < 1_000; round++) {
    for (let size = 1; size <= request.length; size += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => resetAt(Math.min(size + i, request.length))))
    }
  }
  const client = await RawClient.open(port)
  client.sendText('still here')
  await client.receive(1)
  assert.equal(client.texts, ['still here'])
  client.socket.destroy()
  for (const connection of server.connections) await connection.gone
  assert.is(server.connections.size, 0)
})

test('S-28: refuses 2^63 bytes that arrive before the decision on the request, and allocates nothing', async (t) => {
  const { port, connections } = await startEcho(t, {
    authorize: () => turns(),
  })
  for (const [length, code] of [
    ['ffffffffffffffff', 1002],
    ['7fffffffffffffff', 1009],
    ['0020000000000000', 1009],
    ['0000000100000000', 1009],
    ['0000000080000000', 1009],
  ] as const) {
    const client = await RawClient.open(port, { behind: hex(`82ff ${length} 01020304 00`) })
    await client.until(() => client.ended || client.closed)
    assert.is(client.closeCode, code, length)
    assert.is(connections.at(-1)!.memoryUsed, 0)
    client.socket.destroy()
  }
})

test('S-52: ends a request that is not complete within handshakeTimeout', async (t) => {
  const { port } = await startEcho(t, { handshakeTimeout: 300 })
  const client = RawClient.connect(port)
  const request = upgradeRequest()
  let at = 0
  const trickle = setInterval(() => {
    if (client.closed || at >= 40) clearInterval(trickle)
    else client.socket.write(request[at++])
  }, 50)
  t.after(() => clearInterval(trickle))
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 408 /)
})

test('S-52: ends a second request on a plain connection that is not complete in time', async (t) => {
  const { server, port } = await startEcho(t, { handshakeTimeout: 500 })
  server.onRequest = (_, response) => void response.end('plain')
  const client = RawClient.connect(port)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await client.until(() => client.head !== '')
  const trickle = setInterval(() => client.socket.write('G'), 50)
  t.after(() => clearInterval(trickle))
  await client.until(() => client.closed)
})

test('S-53: refuses connections above the limit with 503 and Retry-After, and accepts again when one has closed', async (t) => {
  const { port, connections } = await startEcho(t, { maxConnections: 2 })
  const inside = [await RawClient.open(port), await RawClient.open(port)]
  const outside = await RawClient.open(port)
  await outside.until(() => outside.closed)
  assert.match(outside.head, /^HTTP\/1\.1 503 /)
  assert.match(outside.head, /Retry-After: \d+\r\n/)
  inside[0].socket.destroy()
  await connections[0].gone
  const next = await RawClient.open(port)
  assert.match(next.head, /^HTTP\/1\.1 101 /)
  for (const client of [...inside, next]) client.socket.destroy()
})

test('S-54: counts by the right-most address that no trusted proxy has', async (t) => {
  const { port } = await startEcho(t, { maxConnectionsPerAddress: 1, trustedProxies: ['127.0.0.1'] })
  const from = async (forwarded: string): Promise<number> => {
    const client = await RawClient.open(port, { headers: [`X-Forwarded-For: ${forwarded}`] })
    t.after(() => client.socket.destroy())
    return Number(client.head.slice(9, 12))
  }
  assert.is(await from('1.1.1.1'), 101)
  assert.is(await from('9.9.9.9, 1.1.1.1'), 503)
  assert.is(await from('1.1.1.1, 2.2.2.2'), 101)
})
