import { describeInbound, type Inbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  echoFault,
  expectRoundTrip,
  type LoadMessage,
  loadTimeout,
  survivalCase,
  type Trial,
  writeBefore,
} from '../../script/index.ts'
import { encodeFrame, Op } from '../../wire/index.ts'

const COUNT = 100_000
const MEBIBYTE = 1024 * 1024

/** Encodes equal frames with one masking key, so that the bytes can be written as fast as possible. */
function sameFrames(t: Trial, spec: { opcode: number; fin: boolean; payload: string }, count: number): Buffer {
  const frame = encodeFrame(spec, () => t.random.bytes(4))
  return Buffer.alloc(frame.length * count, frame)
}

/** Encodes one text message in `count` fragments with the same payload. */
function fragmentedText(t: Trial, payload: string, count: number): Buffer {
  return Buffer.concat([
    sameFrames(t, { opcode: Op.TEXT, fin: false, payload }, 1),
    sameFrames(t, { opcode: Op.CONT, fin: false, payload }, count - 2),
    sameFrames(t, { opcode: Op.CONT, fin: true, payload }, 1),
  ])
}

/**
 * Expects the echo of a text message in many fragments, or the end of the connection because of a limit (RFC 6455
 * §10.4).
 */
async function echoOrEnd(t: Trial, bytes: Buffer, text: Buffer): Promise<void> {
  const peer = await t.open()
  await peer.sendBytes(bytes)
  const event = await peer.nextMeaningful(loadTimeout(t))
  const expected = 'the echo, Close 1008 or 1009, or the end'
  if (isEnd(event)) t.note(describeInbound(event, 0))
  else t.require(echoFault(t, event, { opcode: Op.TEXT, payload: text }) === null, expected, describeInbound(event, 0))
  t.assert(true, expected, 'one of them')
  t.release(peer)
}

function isEnd(event: Inbound | null): event is Extract<Inbound, { kind: 'close' | 'end' }> {
  return event?.kind === 'close' || event?.kind === 'end'
}

/** Milliseconds and number of frames of the endless message, and how many frames are written at once. */
const ENDLESS_TIME = 5000
const ENDLESS_COUNT = 20_000_000
const BATCH = 10_000

async function sendEmptyFragments(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame({ opcode: Op.TEXT, fin: false })
  const batch = sameFrames(t, { opcode: Op.CONT, fin: false, payload: '' }, BATCH)
  const deadline = performance.now() + ENDLESS_TIME
  let sent = 0
  while (performance.now() < deadline && sent < ENDLESS_COUNT && peer.queued.length === 0 && !peer.ended) {
    if (await writeBefore(peer, batch, deadline)) sent += BATCH
  }
  const event = peer.queued[0]
  t.note(`${event === undefined ? 'open' : describeInbound(event, 0)} after ${sent} fragments`)
  t.release(peer)
}

/** Sends empty text messages and a last one that is not empty. Expects all echoes, or the end of the connection. */
async function sendEmptyMessages(t: Trial): Promise<void> {
  const empty: LoadMessage = { opcode: Op.TEXT, payload: Buffer.alloc(0) }
  const last: LoadMessage = { opcode: Op.TEXT, payload: Buffer.from('last') }
  const peer = await t.open()
  const sending = peer
    .sendBytes(sameFrames(t, { opcode: Op.TEXT, fin: true, payload: '' }, COUNT))
    .then(() => peer.sendFrame(last))
  const expected = `${COUNT} echoes, then the echo of the last text message, or the end`
  for (let count = 0; count <= COUNT; count++) {
    const event = await peer.nextMeaningful(loadTimeout(t))
    if (isEnd(event)) {
      t.note(`${describeInbound(event, 0)} after ${count} echoes`)
      break
    }
    const fault = echoFault(t, event, count < COUNT ? empty : last)
    if (fault !== null) t.fail(expected, `${count} echoes, then ${fault}`)
  }
  t.assert(true, expected, 'one of them')
  await sending
}

/** Milliseconds after which it is clear that a server delays its pongs. */
const THROTTLED_TIME = 10_000

/** Sends many pings and does not read the pongs for a while. In the end, expects the pong for the last ping. */
async function floodWithPings(t: Trial): Promise<void> {
  const peer = await t.open()
  const payloads = Array.from({ length: COUNT }, (_, index) => Buffer.from(String(index).padEnd(125, '.')))
  for (const payload of payloads) peer.settings.watch.pings.add(payload.toString('hex'))
  const key = t.random.bytes(4)
  const bytes = Buffer.concat(payloads.map((payload) => encodeFrame({ opcode: Op.PING, payload }, () => key)))
  peer.pause()
  await writeBefore(peer, bytes, performance.now() + t.timeout)
  peer.resume()
  await expectLastPong(t, peer)
  t.release(peer)
}

async function expectLastPong(t: Trial, peer: Peer): Promise<void> {
  const expected = 'pongs in order (possibly delayed) up to the pong for the last ping, or the end'
  const deadline = performance.now() + THROTTLED_TIME
  let last = -1
  let count = 0
  while (last < COUNT - 1 && performance.now() < deadline) {
    const event = await peer.nextMeaningful(loadTimeout(t))
    if (isEnd(event)) {
      t.note(`${describeInbound(event, 0)} after ${count} pongs`)
      return
    }
    if (event?.kind !== 'pong') t.fail(expected, `${count} pongs, then ${describeInbound(event, loadTimeout(t))}`)
    const number = Number.parseInt(event.frame.payload.toString('latin1'), 10)
    if (!(number > last)) t.fail(expected, `pong ${number} after pong ${last}`)
    last = number
    count++
  }
  t.assert(true, expected, `${count} pongs`)
  t.note(last < COUNT - 1 ? `delayed: ${count} pongs in ${THROTTLED_TIME / 1000} s` : `${count} pongs`)
}

async function floodWithPongs(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendBytes(sameFrames(t, { opcode: Op.PONG, fin: true, payload: 'unasked' }, COUNT))
  await expectRoundTrip(t, peer, { payload: 'after the pongs', timeout: loadTimeout(t) })
}

/** Large numbers of small frames (RFC 6455 §10.4): `robust`. */
export const floods: Case[] = [
  survivalCase('empty-fragments-100k', (t) => echoOrEnd(t, fragmentedText(t, '', COUNT), Buffer.alloc(0)), {
    needs: ['echo'],
  }),
  survivalCase('empty-fragments-endless', sendEmptyFragments),
  survivalCase(
    'tiny-fragments-1m',
    (t) => echoOrEnd(t, fragmentedText(t, 'a', MEBIBYTE), Buffer.alloc(MEBIBYTE, 'a')),
    {
      needs: ['echo'],
    },
  ),
  survivalCase('empty-messages-100k', sendEmptyMessages, { needs: ['echo'] }),
  survivalCase('ping-flood', floodWithPings),
  survivalCase('pong-flood', floodWithPongs, { needs: ['echo'] }),
]
