import type { AddressInfo } from 'node:net'
import { LATENCY_BOUNDS } from '../../src/connection/traffic.ts'
import { formatMetrics, type ServerOptions, type ServerStats, WebSocketServer } from '../../src/index.ts'
import { ConnectionSet } from '../../src/server/connection-set.ts'
import { readStats } from '../../src/server/stats.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('stats')

interface Family {
  type: string
  help: string
  samples: Map<string, number>
}

/** Parses Prometheus' text format 0.0.4 strictly. Throws when the text is malformed. */
function parseMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  let current: [string, Family] | null = null
  assert.ok(text.endsWith('\n'))
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram)$/.exec(line)
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{\w+="[^"\\\n]*"(?:,\w+="[^"\\\n]*")*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line)
    if (help !== null) {
      if (families.has(help[1])) throw new Error(`${help[1]} occurs twice`)
      current = [help[1], { help: help[2], type: '', samples: new Map() }]
      families.set(...current)
    } else if (type !== null) {
      if (current?.[0] !== type[1]) throw new Error(`TYPE of ${type[1]} without its HELP`)
      current[1].type = type[2]
    } else if (sample !== null) {
      const [, name, labels = '', value] = sample
      const base: string = current?.[1].type === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name
      if (current === null || current[0] !== base) throw new Error(`sample of ${name} outside its family`)
      current[1].samples.set(name.slice(base.length) + labels, Number(value))
    } else throw new Error(`no line of the format: ${line}`)
  }
  return families
}

const stats: ServerStats = {
  connections: 3,
  accepted: 10,
  refused: { 400: 1, 503: 2 },
  receivedMessages: 4,
  sentMessages: 5,
  receivedBytes: 600,
  sentBytes: 7e21,
  droppedMessages: 8,
  closeCodes: { 1000: 9, 1006: 1 },
  bufferedBytes: 11,
  heldBytes: 12,
  latency: { bounds: [1, 2.5, 1000], counts: [1, 0, 2, 4], sum: 5_500 },
}

test('renders every figure in Prometheus’ text format', () => {
  const families = parseMetrics(formatMetrics(stats))
  const samplesOf = (name: string): Record<string, number> =>
    Object.fromEntries(families.get(`dwebsocket_${name}`)!.samples)
  assert.equal(samplesOf('connections'), { '': 3 })
  assert.equal(samplesOf('accepted_total'), { '': 10 })
  assert.equal(samplesOf('refused_total'), { '{status="400"}': 1, '{status="503"}': 2 })
  assert.equal(samplesOf('messages_total'), { '{direction="received"}': 4, '{direction="sent"}': 5 })
  assert.equal(samplesOf('bytes_total'), { '{direction="received"}': 600, '{direction="sent"}': 7e21 })
  assert.equal(samplesOf('dropped_messages_total'), { '': 8 })
  assert.equal(samplesOf('closed_total'), { '{code="1000"}': 9, '{code="1006"}': 1 })
  assert.equal(samplesOf('buffered_bytes'), { '': 11 })
  assert.equal(samplesOf('held_bytes'), { '': 12 })
  for (const [name, { type, help }] of families) {
    assert.ok(help.length > 0)
    if (name.endsWith('_total')) assert.is(type, 'counter', name)
  }
})

test('renders the latency as a cumulative histogram in seconds', () => {
  const { type, samples } = parseMetrics(formatMetrics(stats)).get('dwebsocket_ping_seconds')!
  assert.is(type, 'histogram')
  assert.equal(Object.fromEntries(samples), {
    '_bucket{le="0.001"}': 1,
    '_bucket{le="0.0025"}': 1,
    '_bucket{le="1"}': 3,
    '_bucket{le="+Inf"}': 7,
    _sum: 5.5,
    _count: 7,
  })
})

test('copies the counts: what is read does not change afterwards', () => {
  const set = new ConnectionSet(1, () => {})
  const before = readStats(set, new Map())
  const { traffic } = set
  traffic.countClose(1000)
  traffic.countLatency(1)
  assert.equal(before.closeCodes, {})
  assert.is(before.latency.counts[0], 0)
  assert.is(before.latency.counts.length, LATENCY_BOUNDS.length + 1)
})

async function startEcho(t: TestContext, options: ServerOptions) {
  const server = new WebSocketServer(options)
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(() => server.close())
  return { server, port, client: await RawClient.open(port) }
}

test('counts messages, bytes on the wire, ends and refusals of a server', async (t) => {
  // Without pings, which count as bytes on the wire.
  const { server, port, client } = await startEcho(t, { pingInterval: Number.POSITIVE_INFINITY })
  const refused = await RawClient.open(port, { headers: ['Origin: http://evil.example'] })
  await refused.until(() => refused.closed)
  client.send(frame(1, 'hello'), frame(2, 'you'))
  await client.receive(2)
  const during = server.stats()
  assert.equal([during.connections, during.accepted, during.refused], [1, 1, { 403: 1 }])
  assert.equal([during.receivedMessages, during.sentMessages], [2, 2])
  assert.equal([during.receivedBytes, during.sentBytes], [11 + 9, 7 + 5])
  client.send(closeFrame(1000))
  await client.until(() => client.ended)
  client.socket.end()
  for (const connection of server.connections) await connection.gone
  const after = server.stats()
  assert.equal(after.closeCodes, { 1000: 1 })
  assert.equal([after.connections, after.bufferedBytes, after.heldBytes], [0, 0, 0])
  parseMetrics(formatMetrics(after))
})

test('counts the round trip of a keepalive ping', async (t) => {
  const { server, client } = await startEcho(t, { pingInterval: 100, pingTimeout: 10_000 })
  await client.until(() => client.frames.some(({ opcode }) => opcode === 9))
  client.send(frame(10, client.frames.find(({ opcode }) => opcode === 9)!.payload), frame(1, 'after the pong'))
  await client.until(() => client.texts.includes('after the pong'))
  const { latency } = server.stats()
  assert.is(
    latency.counts.reduce((sum, count) => sum + count, 0),
    1,
  )
})
