import { ATTACKS, prepareHostile } from '../../../bench/scenarios/hostile.ts'
import { buildFrame, CLOSE, PING, PONG } from '../../../bench/wire/frame.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'
import { type FakeRequest, makeOrder, startFakeServer } from '../support/fake-server.ts'

const test = suite('bench scenario hostile')

/** Resolves to the note about an attack on a server with these replies. */
async function attack(
  t: TestContext,
  name: string,
  answer: (request: FakeRequest) => void,
  durationMs = 150,
): Promise<string> {
  const port = await startFakeServer(t, answer)
  const load = await prepareHostile(makeOrder(port, { scenario: 'hostile', attack: name, durationMs }))
  const { count, notes } = await load.run()
  await load.finish()
  assert.is(count, 1)
  return notes.join()
}

test('notes with which code the server closed', async (t) => {
  const answer = ({ socket }: FakeRequest): void => {
    socket.write(buildFrame(CLOSE, Buffer.concat([Buffer.from([0x03, 0xef]), Buffer.from('not UTF-8')])))
  }
  // The attack ends when the server closes.
  const note = await attack(t, 'utf8', answer, 30_000)
  assert.match(note, /^closed 1007 not UTF-8 after \d/)
})

test('reports a server that disconnects without a Close frame', async (t) => {
  assert.match(await attack(t, 'fragments', ({ socket }) => socket.destroy()), /^(reset|closed without a Close frame)/)
})

test('notes a server that tolerates the attack', async (t) => {
  assert.match(await attack(t, 'header', () => {}), /^not closed in \d+\.\d s$/)
})

test('pours pings without reading the pongs', async (t) => {
  let pings = 0
  await attack(t, 'pings', ({ socket, frame }) => {
    if (frame.opcode !== PING) return
    pings++
    socket.write(buildFrame(PONG, frame.payload))
  })
  assert.ok(pings > 100, `${pings} pings`)
})

test('knows only its attacks', async (t) => {
  const port = await startFakeServer(t, () => {})
  const order = makeOrder(port, { scenario: 'hostile', attack: 'hug' })
  assert.match((await thrownBy(() => prepareHostile(order))).message, /unknown attack “hug”/)
  assert.ok(ATTACKS.includes('bomb'))
})
