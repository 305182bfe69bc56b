import { prepareEcho, prepareUpload } from '../../../bench/scenarios/echo.ts'
import { BINARY, buildFrame, CLOSE, TEXT } from '../../../bench/wire/frame.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'
import { echo, type FakeRequest, makeOrder, startFakeServer } from '../support/fake-server.ts'

const test = suite('bench scenario echo')

test('counts every message of every connection once, in bursts', async (t) => {
  let answered = 0
  const port = await startFakeServer(t, (request) => {
    answered++
    echo(request)
  })
  const load = await prepareEcho(makeOrder(port, { scenario: 'echo', size: 300, connections: 3, depth: 5 }))
  const before = answered
  const result = await load.run()
  assert.is(result.count, answered - before)
  assert.is(result.count % 5, 0)
  assert.ok(result.count >= 15)
  assert.ok(result.latency!['50'] > 0)
  await load.finish()
})

test('sends by the clock in an open loop, whatever the server does', async (t) => {
  const port = await startFakeServer(t, echo)
  const order = makeOrder(port, { scenario: 'echo', size: 20, connections: 3, rate: 1000, durationMs: 100 })
  const load = await prepareEcho(order)
  assert.is((await load.run()).count, 100)
  assert.is((await load.run()).count, 100)
  await load.finish()
})

test('counts the latency of an open loop from when a message was due', async (t) => {
  // The server delays all echoes until the last message has arrived, so the first message has waited longest.
  const delayed: FakeRequest[] = []
  const port = await startFakeServer(t, (request) => {
    delayed.push(request)
    if (delayed.length === 50) for (const one of delayed.splice(0)) echo(one)
  })
  const order = makeOrder(port, { scenario: 'echo', connections: 2, rate: 500, warmupMs: 0, durationMs: 100 })
  const load = await prepareEcho(order)
  const { latency, count } = await load.run()
  assert.is(count, 50)
  assert.ok(latency!['100'] > 90_000, `the longest is ${latency!['100']} µs`)
  assert.ok(latency!['50'] > 40_000, `the median is ${latency!['50']} µs`)
  await load.finish()
})

test('requires the length of an upload as the reply', async (t) => {
  const port = await startFakeServer(t, ({ socket, frame }) => {
    socket.write(buildFrame(TEXT, Buffer.from(String(frame.payload.toString().length))))
  })
  const load = await prepareUpload(makeOrder(port, { scenario: 'upload', kind: 'cjk', size: 3000, connections: 2 }))
  assert.ok((await load.run()).count > 0)
  await load.finish()
})

const cheats: [string, (request: FakeRequest) => void, RegExp][] = [
  [
    'changes a byte',
    ({ socket, frame }) => {
      frame.payload[17] ^= 1
      socket.write(buildFrame(BINARY, frame.payload))
    },
    /differs from the expected one at byte 17 of 200/,
  ],
  [
    'forgets a byte',
    ({ socket, frame }) => socket.write(buildFrame(BINARY, frame.payload.subarray(1))),
    /has 199 bytes, expected 200/,
  ],
  ['answers twice', (request) => [request, request].forEach(echo), /differs|too many/],
  [
    'answers with the first message every time',
    (() => {
      let first: Buffer | undefined
      return ({ socket, frame }: FakeRequest) => {
        first ??= frame.payload
        socket.write(buildFrame(BINARY, first))
      }
    })(),
    /differs/,
  ],
  [
    'closes',
    ({ socket }) => socket.end(buildFrame(CLOSE, Buffer.from([0x03, 0xf1]))),
    /the server closed the connection: 1009/,
  ],
  ['hangs up', ({ socket }) => socket.destroy(), /ended connection|ECONNRESET/],
]

for (const [what, answer, message] of cheats) {
  test(`fails when the server ${what}`, async (t) => {
    const port = await startFakeServer(t, answer)
    const order = makeOrder(port, { scenario: 'echo', size: 200, connections: 2, depth: 4 })
    assert.match((await thrownBy(() => prepareEcho(order))).message, message)
  })
}

test('fails when there is no server', async () => {
  assert.match((await thrownBy(() => prepareEcho(makeOrder(1, { scenario: 'echo' })))).message, /ECONNREFUSED/)
})
