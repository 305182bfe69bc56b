import { describeInbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  echoFault,
  type LoadMessage,
  loadTimeout,
  sendLoad,
  survivalCase,
  type Trial,
  writeBefore,
} from '../../script/index.ts'
import { Op, sleep } from '../../wire/index.ts'

const MEBIBYTE = 1024 * 1024
/** How many messages of 1 MiB are sent while hardly any echo is read. */
const DUE = 64
/** Maximum number of milliseconds for which nothing is read. */
const SLOW_TIME = 10_000
/** How many bytes are read per second. */
const TRICKLE = 1024

/** Reads a few bytes per second while the stream is paused. */
function trickle(peer: Peer): NodeJS.Timeout {
  peer.pause()
  return setInterval(() => peer.transport.stream.read(TRICKLE), 1000)
}

/** Lets echoes accumulate. A server with a limit stops reading or ends the connection (RFC 6455 §10.4). */
async function readSlowly(t: Trial): Promise<void> {
  const peer = await t.open()
  const message = peer.frameBytes({ opcode: Op.BINARY, payload: t.random.bytes(MEBIBYTE) })
  const timer = trickle(peer)
  let sent = 0
  try {
    while (sent < DUE && !peer.ended) {
      if (!(await writeBefore(peer, message, performance.now() + loadTimeout(t)))) break
      sent++
    }
  } finally {
    clearInterval(timer)
  }
  const isBounded = sent < DUE || peer.ended
  const shown = `${sent} MiB accepted${peer.ended ? ', then the end' : ''}`
  t.note(shown)
  t.assertShould(isBounded, `backpressure or the end before ${DUE} MiB of echoes are due`, shown)
  t.release(peer)
}

/** Sends without reading, then reads. Expects all echoes in order, or the end of the connection. */
async function readLate(t: Trial): Promise<void> {
  const messages = Array.from(
    { length: 10_000 },
    (_, index): LoadMessage => ({ opcode: Op.TEXT, payload: Buffer.from(String(index).padEnd(1024, '.')) }),
  )
  const peer = await t.open()
  peer.pause()
  const sending = sendLoad(peer, messages)
  await sleep(Math.min(SLOW_TIME, 2 * t.context.idle))
  peer.resume()
  const expected = `${messages.length} echoes in order, or the end`
  for (const [index, message] of messages.entries()) {
    const event = await peer.nextMeaningful(loadTimeout(t))
    if (event?.kind === 'close' || event?.kind === 'end') {
      t.note(`${describeInbound(event, 0)} after ${index} echoes`)
      t.assert(true, expected, describeInbound(event, 0))
      return
    }
    const fault = echoFault(t, event, message)
    if (fault !== null) t.fail(expected, `${index} echoes, then ${fault}`)
  }
  t.assert(true, expected, `${messages.length} echoes`)
  await sending
}

/** Sends one byte of a frame per second for `--idle` seconds, then the rest. */
async function writeSlowly(t: Trial): Promise<void> {
  const peer = await t.open()
  const payload = Buffer.from(t.random.text(100))
  const frame = peer.frameBytes({ opcode: Op.TEXT, payload })
  const began = performance.now()
  let sent = 0
  for (; performance.now() - began < t.context.idle && peer.queued.length === 0 && !peer.ended; sent++) {
    await peer.sendBytes(frame.subarray(sent, sent + 1))
    await peer.waitForInput(1000)
  }
  if (peer.queued.length === 0) await peer.sendBytes(frame.subarray(sent))
  const event = await peer.nextMeaningful()
  t.note(`${describeInbound(event, t.timeout)} after ${sent} bytes in as many seconds`)
}

/** Notes what the server does while nothing more is sent, for at most `--idle` seconds. */
async function stall(t: Trial, start: (peer: Peer) => Buffer | null): Promise<void> {
  const peer = await t.open()
  const bytes = start(peer)
  if (bytes !== null) await peer.sendBytes(bytes)
  const began = performance.now()
  const event = await peer.nextMeaningful(t.context.idle)
  const seconds = Math.round((performance.now() - began) / 100) / 10
  t.note(event === null ? `open after ${seconds} s` : `${describeInbound(event, 0)} after ${seconds} s`)
}

/** Peers that read or write slowly or not at all (RFC 6455 §10.4): `robust`. */
export const slowPeers: Case[] = [
  survivalCase('slow-reader', readSlowly, { needs: ['echo'] }),
  survivalCase('no-reader', readLate, { needs: ['echo'] }),
  survivalCase('slow-writer', writeSlowly, { phase: 'idle', tags: ['idle'], needs: ['echo'] }),
  survivalCase('stall-in-frame', (t) => stall(t, halfFrame), { phase: 'idle', tags: ['idle'] }),
  survivalCase('idle-open', (t) => stall(t, () => null), { phase: 'idle', tags: ['idle'] }),
]

function halfFrame(peer: Peer): Buffer {
  const frame = peer.frameBytes({ opcode: Op.TEXT, payload: 'a'.repeat(100) })
  return frame.subarray(0, frame.length / 2)
}
