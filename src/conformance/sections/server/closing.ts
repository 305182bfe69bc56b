import { describeInbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  expectAlive,
  expectCleanClose,
  expectEndAfterFin,
  expectFailure,
  expectOnlyEnd,
  expectRoundTrip,
  inPieces,
  inPiecesTag,
  loadTimeout,
  needEcho,
  type Trial,
} from '../../script/index.ts'
import { closeBody, type FrameSpec, Op, readingTurn, within } from '../../wire/index.ts'

const CLOSE: FrameSpec = { opcode: Op.CLOSE, payload: closeBody(1000) }
const RESERVED: FrameSpec = { opcode: 3 }
const MIB = 1024 * 1024

function text(payload: string): FrameSpec {
  return { opcode: Op.TEXT, payload }
}

/** Makes a case with a Close and other frames in one write. Expects one Close with nothing before it, then the end. */
function closedBy(id: string, frames: readonly FrameSpec[], codes?: readonly number[]): Case {
  return {
    id: `close.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectCleanClose(t, peer, { sent: true, strict: true, codes, mayReset: true })
    },
  }
}

async function closeAfterMessage(t: Trial): Promise<void> {
  const peer = await t.open()
  await expectRoundTrip(t, peer, { payload: 'Hello World!' })
  await expectCleanClose(t, peer, { strict: true })
}

/** Sends frames, and notes what arrives up to the end. */
async function describeAnswers(t: Trial, frames: readonly FrameSpec[]): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  await peer.sendFrames(frames)
  const events: string[] = []
  for (let isOver = false; !isOver; ) {
    const event = await peer.nextMeaningful()
    events.push(describeInbound(event, t.timeout))
    isOver = event === null || event.kind === 'end'
  }
  t.note(`received: ${events.join(', ')}`)
}

const handshakeRows: Case[] = [
  { id: 'close.after-message', run: closeAfterMessage },
  closedBy('twice', [CLOSE, { opcode: Op.CLOSE }]),
  closedBy('then-ping', [CLOSE, { opcode: Op.PING }]),
  closedBy('then-text', [CLOSE, text('Hello World!')]),
  // The code is only “typically” echoed, and the message is incomplete (RFC 6455 §5.5.1).
  closedBy(
    'inside-message',
    [{ ...text('fragment1'), fin: false }, CLOSE, { opcode: Op.CONT, payload: 'fragment2' }],
    [1000, 1002, 1003, 1007, 1011],
  ),
  {
    id: 'close.after-256k',
    run: (t) => describeAnswers(t, [text('*'.repeat(256 * 1024)), text('Hello World!'), CLOSE, { opcode: Op.PING }]),
  },
  { id: 'close.with-text-before', run: (t) => describeAnswers(t, [text('Hello World!'), CLOSE]) },
  {
    id: 'close.octets',
    phase: 'alone',
    ...inPiecesTag,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrame(CLOSE, inPieces(t, 1))
      await expectCleanClose(t, peer, { sent: true, strict: true })
    },
  },
]

/** Sends Close 1000 and waits for the reply and the end of TCP. Returns the milliseconds between these two. */
async function timeEnd(t: Trial, timeout: number): Promise<number> {
  const peer = await t.open()
  await peer.sendClose(1000)
  await peer.expectClose()
  const began = performance.now()
  const end = await peer.nextMeaningful(timeout, timeout)
  t.require(end?.kind === 'end', `the end of TCP within ${Math.round(timeout)} ms`, describeInbound(end, timeout))
  return performance.now() - began
}

/** Expects a Close in reply, then FIN. */
async function expectFin(t: Trial, peer: Peer): Promise<void> {
  await peer.expectClose()
  const end = await peer.nextMeaningful()
  t.require(end?.kind === 'end' && end.tcp === 'fin', 'FIN', describeInbound(end, t.timeout))
}

/** How many attempts the case makes. Timing decides how much input a server has not read when it closes. */
const TRIES = 10
const REST = Array<FrameSpec>(64).fill({ opcode: Op.BINARY, payload: Buffer.alloc(1024, 0x2a) })

/** TCP sends RST when a socket is closed with unread input, and the RST may overtake the Close. */
async function sendWhileClosing(t: Trial): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const peer = await t.open()
    const sent = peer.sendFrames([CLOSE, ...REST], { size: 1024, settle: readingTurn })
    await expectFin(t, peer)
    await sent
    t.release(peer)
  }
}

async function closeAndEnd(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame(CLOSE)
  peer.end()
  await expectCleanClose(t, peer, { sent: true, strict: true })
}

async function endOpen(t: Trial): Promise<void> {
  const peer = await t.open()
  peer.end()
  await expectEndAfterFin(t, peer)
  await expectAlive(t)
}

async function resetOpen(t: Trial): Promise<void> {
  const peer = await t.open()
  peer.reset()
  await expectAlive(t)
}

async function resetDuringEcho(t: Trial): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  await peer.sendBinary(Buffer.alloc(Math.min(16 * MIB, t.context.maxMessage), 0x2a))
  await peer.waitForInput(loadTimeout(t))
  peer.reset()
  await expectAlive(t)
}

const tcpRows: Case[] = [
  {
    id: 'close.tcp-prompt',
    async run(t) {
      const passed = await timeEnd(t, t.timeout)
      t.note(`FIN ${Math.round(passed * 10) / 10} ms after the Close`)
    },
  },
  { id: 'close.tcp-first', run: async (t) => void (await timeEnd(t, 5 * t.timeout)) },
  {
    id: 'close.fin-not-rst',
    async run(t) {
      const peer = await t.open()
      await peer.sendFrame(CLOSE)
      await expectFin(t, peer)
    },
  },
  { id: 'close.fin-not-rst-unread', phase: 'alone', tags: ['timing'], run: sendWhileClosing },
  { id: 'close.half-close', phase: 'alone', tags: ['timing'], run: closeAndEnd },
  { id: 'close.fin-open', run: endOpen },
  { id: 'close.rst-open', run: resetOpen },
  { id: 'close.rst-during-echo', run: resetDuringEcho },
]

/** Does not answer the Close of a failed connection, and leaves TCP open. */
async function leaveCloseUnanswered(t: Trial): Promise<void> {
  const peer = await t.open()
  peer.autoClose = false
  await peer.sendFrame(RESERVED)
  const close = await peer.nextMeaningful()
  if (close?.kind === 'end') {
    t.note('ends without a Close')
    return
  }
  t.require(close?.kind === 'close', 'a Close', describeInbound(close, t.timeout))
  const began = performance.now()
  const wait = Math.max(t.timeout, t.context.idle)
  const end = await peer.nextMeaningful(wait, wait)
  t.require(end?.kind === 'end', `the end of TCP within ${Math.round(wait)} ms`, describeInbound(end, wait))
  t.note(`the end ${Math.round(performance.now() - began)} ms after the Close`)
}

/** Sends without reading, until everything is accepted or nothing more is accepted for the idle time. */
async function sendWithoutReading(peer: Peer, count: number, idle: number): Promise<boolean> {
  const payload = Buffer.alloc(64 * 1024, 0x2a)
  for (let sent = 0; sent < count && !peer.ended; sent += payload.length) {
    if ((await within(peer.sendText(payload), idle)) === null) return false
  }
  return !peer.ended
}

async function neverRead(t: Trial): Promise<void> {
  const peer = await t.open()
  peer.pause()
  const accepted = await sendWithoutReading(peer, 64 * MIB, t.context.idle)
  t.note(
    accepted
      ? 'accepts 64 MiB of text messages from a peer that does not read'
      : 'does not accept 64 MiB of text messages and a Close from a peer that does not read',
  )
  if (accepted) await within(peer.sendClose(1000), t.context.idle)
  peer.resume()
  const end = await peer.waitForEnd(t.context.idle)
  t.note(end === null ? 'still open after the idle time' : `ended by ${end.toUpperCase()}`)
  peer.destroy()
  await expectAlive(t)
}

async function floodAfterClose(t: Trial): Promise<void> {
  const peer = await t.open()
  const flood = Array<FrameSpec>(160).fill(text('*'.repeat(64 * 1024)))
  const sent = peer.sendFrames([CLOSE, ...flood])
  const expected = 'one Close, no echo, the end of the connection'
  const close = await peer.nextMeaningful()
  // A server that stops reading causes RST, which may overtake its Close.
  if (close?.kind !== 'end' || close.tcp !== 'rst') {
    t.require(close?.kind === 'close', expected, describeInbound(close, t.timeout))
  }
  const end = close.kind === 'end' ? close : await expectOnlyEnd(peer)
  t.require(end?.kind === 'end', expected, `a Close, then ${describeInbound(end, t.timeout)}`)
  t.note(`ended by ${end.tcp.toUpperCase()}`)
  peer.destroy()
  await sent
}

function failedBy(id: string, frames: readonly FrameSpec[]): Case {
  return {
    id: `close.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectFailure(t, peer, [1002], { isSilent: true })
    },
  }
}

const PINGS = Array.from({ length: 10 }, (_, index): FrameSpec => ({ opcode: Op.PING, payload: `ping ${index}` }))
const TEXTS = Array.from({ length: 10 }, (_, index) => text(`text ${index}`))

const brokenRows: Case[] = [
  { id: 'close.no-reply-to-fail', run: leaveCloseUnanswered },
  { id: 'close.never-read', phase: 'alone', tags: ['slow', 'idle'], run: neverRead },
  failedBy('crossing', [RESERVED, CLOSE]),
  failedBy('after-fail-silent', [RESERVED, ...PINGS, ...TEXTS]),
  { id: 'close.flood-after', phase: 'alone', tags: ['timing'], run: floodAfterClose },
]

/** The closing handshake and the end of TCP (RFC 6455 §5.5.1, §7.1): `close`. */
export const closing: Case[] = [...handshakeRows, ...tcpRows, ...brokenRows]
