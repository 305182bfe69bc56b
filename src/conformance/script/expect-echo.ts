import type { Message, Peer } from '../peer/index.ts'
import { bytesOf, type Chop, type FrameSpec, Op, showBytes } from '../wire/index.ts'
import { expectCleanClose } from './expect-close.ts'
import { TOO_BIG_CODES } from './expect-failure.ts'
import { timeoutFor } from './expect-load.ts'
import type { Trial } from './trial.ts'
/** A message for which an echo is expected. It is sent as one frame, or as the given frames. */
export interface EchoSpec {
  opcode?: number
  payload: string | Uint8Array
  /** The frames to send instead of one; their payloads must add up to `payload`. */
  frames?: readonly FrameSpec[]
  chop?: Chop
  /** Milliseconds without progress until the wait fails; default: the timeout for a message of this size. */
  timeout?: number
}

/** Waits for the echo, one message of the same type and content (RFC 6455 §6.2). Returns it with its frames. */
export async function expectEcho(
  t: Trial,
  peer: Peer,
  payload: string | Uint8Array,
  opcode: number = Op.TEXT,
  timeout?: number,
): Promise<Message> {
  const { expected } = wantedEcho(t, payload, opcode)
  const size = bytesOf(payload).length
  const message = await receive(t, peer, size, expected, timeout ?? timeoutFor(t, size))
  checkEcho(t, message, payload, opcode)
  t.assert(true, expected, 'the same')
  return message
}

/** Size in bytes below which a message must be accepted: no echo server has a limit this low. */
const SMALL_MESSAGE = 4096

/**
 * Skips the case if the target closed with 1009 or 1008 because of a message of that size, or may have: servers choose
 * their limits (RFC 6455 §7.4.1, §10.4). A server that closes TCP with unread bytes sends RST, and a Close before it is
 * then lost.
 */
export function skipIfTooBig(t: Trial, peer: Peer, size: number): void {
  if (size <= SMALL_MESSAGE) return
  const { code, tcp } = peer.closing
  if (TOO_BIG_CODES.includes(code ?? 0)) t.skip(`the target accepts no message of ${size} bytes`)
  if (code === null && (tcp === 'rst' || peer.isCutOff))
    t.skip(`TCP was reset after a message of ${size} bytes; a 1009 sent before that would be lost`)
}

/** Waits for a message; skips the case if the target refuses what was sent as too big. */
async function receive(t: Trial, peer: Peer, size: number, expected: string, timeout: number): Promise<Message> {
  try {
    return await peer.expectMessage(expected, timeout)
  } catch (error) {
    skipIfTooBig(t, peer, size)
    throw error
  }
}

/**
 * Ends the case unless the message is the echo. Records no assertion for a match, because some cases send many
 * messages.
 */
export function checkEcho(t: Trial, message: Message, payload: string | Uint8Array, opcode: number = Op.TEXT): void {
  const { wanted, expected } = wantedEcho(t, payload, opcode)
  if (message.opcode === opcode && message.payload.equals(wanted)) return
  const received = `${message.opcode === Op.TEXT ? 'text' : 'binary'} ${showBytes(message.payload)}`
  t.fail(expected, `${received}${message.opcode === opcode ? firstDifference(message.payload, wanted) : ''}`)
}

function wantedEcho(t: Trial, payload: string | Uint8Array, opcode: number): { wanted: Buffer; expected: string } {
  const prefix = opcode === Op.TEXT ? t.context.capabilities.echoPrefix : ''
  const wanted = prefix === '' ? bytesOf(payload) : Buffer.concat([Buffer.from(prefix), bytesOf(payload)])
  return { wanted, expected: `echo: ${opcode === Op.TEXT ? 'text' : 'binary'} ${showBytes(wanted)}` }
}

function firstDifference(received: Buffer, wanted: Buffer): string {
  if (received.length !== wanted.length) return `, ${received.length} instead of ${wanted.length} bytes`
  const at = received.findIndex((byte, index) => byte !== wanted[index])
  return `, differs at byte ${at}: ${received.subarray(at, at + 8).toString('hex')} instead of ${wanted.subarray(at, at + 8).toString('hex')}`
}

/** Skips the case when the target does not echo. */
export function needEcho(t: Trial): void {
  if (!t.context.capabilities.echo) t.skip('the target does not echo')
}

/** Sends a message, waits for its echo and returns it. */
export async function expectRoundTrip(t: Trial, peer: Peer, spec: EchoSpec): Promise<Message> {
  needEcho(t)
  const opcode = spec.opcode ?? Op.TEXT
  if (spec.frames === undefined) await peer.sendFrame({ opcode, payload: spec.payload }, spec.chop)
  else await peer.sendFrames(spec.frames, spec.chop)
  return expectEcho(t, peer, spec.payload, opcode, spec.timeout)
}

/** “The echo, then a clean close” of the catalogue: sends one message, expects its echo, then closes. */
export async function expectEchoThenCleanClose(t: Trial, peer: Peer, spec: EchoSpec): Promise<void> {
  await expectRoundTrip(t, peer, spec)
  await expectCleanClose(t, peer)
}
