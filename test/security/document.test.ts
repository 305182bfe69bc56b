import { readFileSync } from 'node:fs'
import { type ConnectionLimits, connect, defaultLimits, type RateLimit, worstCaseBytes } from '../../src/index.ts'
import { startEcho } from '../support/echo-server.ts'
import { RawClient } from '../support/raw-client.ts'
import { endOfTick } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('security document')

const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')

/** The cells of each row in the table of limits, by the name in the first cell. */
const rows = new Map(
  [...text.matchAll(/^\| `(\w+)` *\|(.*)\|$/gm)].map(([, name, rest]) => [
    name,
    rest.split('|').map((cell) => cell.trim()),
  ]),
)

function shown(value: ConnectionLimits[keyof ConnectionLimits]): string {
  if (value === null) return 'none'
  if (typeof value !== 'object') return String(value)
  const { perSecond, burst = perSecond * 10 } = value as RateLimit
  return `${perSecond} a second, ${burst} at once`
}

test('documents every limit of a connection with its default', () => {
  for (const [name, value] of Object.entries(defaultLimits)) assert.is(rows.get(name)?.[0], shown(value), name)
  for (const name of ['handshakeTimeout', 'maxMemory', 'maxConnections', 'maxConnectionsPerAddress'])
    assert.ok(rows.has(name))
})

test('documents the maximum memory of a connection by default', () => {
  assert.match(text, `${worstCaseBytes(defaultLimits)} bytes without compression`)
  assert.match(text, `${worstCaseBytes(defaultLimits, { deflate: true })} bytes with it`)
})

test('the bound grows with each limit that it is made of', () => {
  const base = worstCaseBytes(defaultLimits)
  assert.is(
    worstCaseBytes({ ...defaultLimits, maxBufferedAmount: defaultLimits.maxBufferedAmount + 1_000 }),
    base + 1_000,
  )
  assert.is(worstCaseBytes({ ...defaultLimits, maxMessageSize: defaultLimits.maxMessageSize + 1_000 }), base + 2_000)
  assert.is(worstCaseBytes({ ...defaultLimits, maxMessageSize: Number.POSITIVE_INFINITY }), Number.POSITIVE_INFINITY)
})

test('no peer makes a connection use more memory than the bound', async (t) => {
  const limits = { maxMessageSize: 300_000, highWaterMark: 100_000, maxBufferedAmount: 400_000 }
  const bound = worstCaseBytes({ ...defaultLimits, ...limits })
  const { port, connections } = await startEcho(t, limits)
  const client = await RawClient.open(port)
  client.socket.pause()
  let most = 0
  // Messages of the maximum size whose echo is not read, then one that does not end.
  for (let i = 0; i < 60 && !client.closed; i++) {
    client.send(frame(2, Buffer.alloc(300_000)))
    await endOfTick()
    most = Math.max(most, connections[0].memoryUsed)
  }
  const other = await connect(`ws://127.0.0.1:${port}`)
  for (let i = 0; i < 20; i++) other.send(Buffer.alloc(250_000))
  client.send(frame(2, Buffer.alloc(299_999), { fin: false }))
  for (let i = 0; i < 200; i++) {
    await endOfTick()
    for (const connection of connections) most = Math.max(most, connection.memoryUsed)
  }
  assert.ok(most > 100_000, `${most}`)
  assert.ok(most <= bound, `${most} of ${bound}`)
  other.terminate()
  client.socket.destroy()
})
