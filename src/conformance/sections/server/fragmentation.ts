import { describeInbound } from '../../peer/index.ts'
import {
  type Case,
  expectAcceptAndProbe,
  expectCleanClose,
  expectEcho,
  expectEchoThenCleanClose,
  expectEndAfterFin,
  followPongs,
  needEcho,
  onEach,
  sendInWay,
  type Trial,
  tagsOf,
  type Way,
} from '../../script/index.ts'
import { closeBody, type FrameSpec, Op, sleep } from '../../wire/index.ts'

type Data = string | Uint8Array

const HELLO = 'Hello, world!'

/** Returns the frames of a message, one for each part. */
function fragments(opcode: number, ...parts: readonly Data[]): FrameSpec[] {
  return parts.map((payload, index) => ({
    opcode: index === 0 ? opcode : Op.CONT,
    payload,
    fin: index === parts.length - 1,
  }))
}

const TWO = fragments(Op.TEXT, 'fragment1', 'fragment2')
const PING: FrameSpec = { opcode: Op.PING, payload: 'ping payload' }

/** Makes a case that expects the echo of a message in these parts. */
function echoed(id: string, opcode: number, parts: (t: Trial) => Data[]): Case {
  return {
    id: `frag.${id}`,
    async run(t) {
      const given = parts(t)
      const payload = Buffer.concat(given.map((part) => Buffer.from(part)))
      await expectEchoThenCleanClose(t, await t.open(), { opcode, payload, frames: fragments(opcode, ...given) })
    },
  }
}

function inTwo(id: string, way: Way): Case {
  return {
    id: `frag.${id}`,
    ...tagsOf(way),
    needs: ['echo'],
    async run(t) {
      const peer = await t.open()
      await sendInWay(t, peer, TWO, way)
      await expectEcho(t, peer, 'fragment1fragment2')
      await expectCleanClose(t, peer)
    },
  }
}

interface Inside {
  opcode?: number
  parts?: [string, string]
  control?: FrameSpec
  way?: Way
}

/**
 * Makes a case with a control frame between two fragments. Expects a pong, then the echo without the data of the
 * control frame (RFC 6455 §5.4).
 */
function controlBetween(id: string, inside: Inside = {}): Case {
  const { opcode = Op.TEXT, parts = ['fragment1', 'fragment2'], control = PING, way = 'whole' } = inside
  return {
    id: `frag.${id}`,
    ...tagsOf(way),
    needs: ['echo'],
    async run(t) {
      const peer = await t.open()
      const [first, last] = fragments(opcode, ...parts)
      await sendInWay(t, peer, [first, control, last], way)
      if (control.opcode === Op.PING) await peer.expectPong(Buffer.from(control.payload ?? ''))
      await expectEcho(t, peer, parts.join(''), opcode)
      await expectCleanClose(t, peer)
    },
  }
}

/** Waits for the pong of the first ping before the message ends. */
function withPings(id: string, way: Way): Case {
  return {
    id: `frag.${id}`,
    ...tagsOf(way),
    needs: ['echo'],
    async run(t) {
      const peer = await t.open()
      const parts = [1, 2, 3, 4, 5].map((number) => `fragment${number}`)
      const [one, two, three, four, five] = fragments(Op.TEXT, ...parts)
      await sendInWay(t, peer, [one, two, { opcode: Op.PING, payload: 'first ping' }], way)
      await peer.expectPong(Buffer.from('first ping'))
      await sendInWay(t, peer, [three, four, { opcode: Op.PING, payload: 'second ping' }, five], way)
      await peer.expectPong(Buffer.from('second ping'))
      await expectEcho(t, peer, parts.join(''))
      await expectCleanClose(t, peer)
    },
  }
}

async function pingAfterEach(t: Trial): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  const parts = Array.from({ length: 50 }, (_, index) => `part ${index};`)
  const pings = parts.map((_, index) => Buffer.from(`ping ${index}`))
  await peer.sendFrames(
    fragments(Op.TEXT, ...parts).flatMap((frame, index) => [frame, { opcode: Op.PING, payload: pings[index] }]),
  )
  const isLast = followPongs(t, pings)
  let echoes = 0
  for (let answered = false; !answered || echoes === 0; ) {
    const event = await peer.nextMeaningful()
    if (event?.kind === 'message' && echoes === 0) {
      echoes++
      peer.unshift(event)
      await expectEcho(t, peer, parts.join(''))
    } else answered = isLast(event)
  }
  await expectCleanClose(t, peer)
}

const answeredRows: Case[] = [
  inTwo('text-2', 'whole'),
  inTwo('text-2-frames', 'frames'),
  inTwo('text-2-octets', 'octets'),
  controlBetween('ping-between'),
  controlBetween('ping-between-frames', { way: 'frames' }),
  controlBetween('ping-between-octets', { way: 'octets' }),
  controlBetween('pong-inside', { control: { opcode: Op.PONG, payload: 'unsolicited pong payload' } }),
  controlBetween('ping-inside-binary', { opcode: Op.BINARY }),
  controlBetween('ping-125-inside', { control: { opcode: Op.PING, payload: '*'.repeat(125) } }),
  controlBetween('ping-does-not-leak', { parts: ['a', 'c'], control: { opcode: Op.PING, payload: 'b' } }),
  withPings('5-with-pings', 'whole'),
  withPings('5-with-pings-frames', 'frames'),
  { id: 'frag.ping-each', run: pingAfterEach },
]

async function echoTwoMessages(t: Trial): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  const parts = [t.random.bytes(10), t.random.bytes(20), t.random.bytes(30)]
  await peer.sendFrames([...fragments(Op.TEXT, 'one ', 'two ', 'three'), ...fragments(Op.BINARY, ...parts)])
  await expectEcho(t, peer, 'one two three')
  await expectEcho(t, peer, Buffer.concat(parts), Op.BINARY)
  await expectCleanClose(t, peer)
}

async function echoAfterFinal(t: Trial): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  await peer.sendFrames([...TWO, { opcode: Op.TEXT, payload: HELLO }])
  await expectEcho(t, peer, 'fragment1fragment2')
  await expectEcho(t, peer, HELLO)
  await expectCleanClose(t, peer)
}

/** Sends the same message with random fragmentations, and expects the same echo each time (RFC 6455 §5.4). */
async function cutAtRandom(t: Trial): Promise<void> {
  const whole = t.random.text(4096)
  const cuts = Array.from({ length: 20 }, () => {
    const places = Array.from({ length: t.random.integer(1, 12) }, () => t.random.integer(0, whole.length))
    return [0, ...places.sort((a, b) => a - b), whole.length]
  })
  await onEach(t, cuts, { width: 4, name: (places) => `cut at ${places.slice(1, -1).join(', ')}` }, async (places) => {
    const parts = places.slice(1).map((end, index) => whole.slice(places[index], end))
    await expectEchoThenCleanClose(t, await t.open(), { payload: whole, frames: fragments(Op.TEXT, ...parts) })
  })
}

const echoRows: Case[] = [
  echoed('binary-2', Op.BINARY, () => ['fragment1', 'fragment2']),
  echoed('binary-3-random', Op.BINARY, (t) => [300, 70_000, 5].map((length) => t.random.bytes(length))),
  echoed('empty-first', Op.TEXT, () => ['', 'Hello']),
  echoed('empty-last', Op.TEXT, () => ['Hello', '']),
  echoed('empty-binary', Op.BINARY, () => ['', '']),
  echoed('1-byte', Op.BINARY, (t) => Array.from({ length: 1024 }, () => t.random.bytes(1))),
  echoed('mixed-lengths', Op.BINARY, (t) =>
    [0, 1, 125, 126, 127, 65535, 65536].map((length) => t.random.bytes(length)),
  ),
  { id: 'frag.two-messages', run: echoTwoMessages },
  { id: 'frag.message-after-final', run: echoAfterFinal },
  { id: 'frag.boundaries-irrelevant', run: cutAtRandom },
]

async function closeUnfinished(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames([TWO[0], { opcode: Op.CLOSE, payload: closeBody(1000) }])
  // The code is only “typically” echoed, and the message is incomplete (RFC 6455 §5.5.1).
  await expectCleanClose(t, peer, { sent: true, strict: true, codes: [1000, 1002] })
}

/** Checks that the incomplete message does not appear on another connection. */
async function endUnfinished(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame(TWO[0])
  peer.end()
  await expectEndAfterFin(t, peer)
  await expectAcceptAndProbe(t)
}

const PAUSE = 30_000
const PING_EVERY = 5_000

async function pauseLong(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame(TWO[0])
  for (let passed = 0; passed < PAUSE && !peer.ended; passed += PING_EVERY) {
    await sleep(PING_EVERY)
    await peer.sendPing('still here')
    const event = await peer.nextMeaningful()
    t.require(event?.kind === 'pong', 'a pong', `${describeInbound(event, t.timeout)} after ${passed + PING_EVERY} ms`)
  }
  await peer.sendFrame(TWO[1])
  await expectEcho(t, peer, 'fragment1fragment2')
  t.note(`echoed after a pause of ${PAUSE / 1000} s`)
}

/** Messages in fragments (RFC 6455 §5.4): `frag`. */
export const fragmentation: Case[] = [
  ...answeredRows,
  ...echoRows,
  { id: 'frag.unfinished-close', run: closeUnfinished },
  { id: 'frag.unfinished-fin', run: endUnfinished },
  { id: 'frag.long-pause', phase: 'idle', tags: ['slow', 'idle'], needs: ['echo'], run: pauseLong },
]
