import type { Message, Peer } from '../peer/index.ts'
import { bytesOf, type Chop, type FrameSpec, Op, showBytes } from '../wire/index.ts'
import { expectCleanClose } from './expect-close.ts'
import { timeoutFor } from './expect-load.ts'
import { skipIfLimited } from './limit.ts'
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
  const message = await expectMessage(t, peer, expected, { size, timeout: timeout ?? timeoutFor(t, size) })
  checkEcho(t, message, payload, opcode)
  t.assert(true, expected, 'the same')
  return message
}

/**
 * Waits for a message; skips the case if the target refuses what was sent because of a limit. `size` is that of the
 * message to which it answers, in bytes.
 */
export async function expectMessage(
  t: Trial,
  peer: Peer,
  expected: string,
  { size, timeout }: { size?: number; timeout?: number } = {},
): Promise<Message> {
  try {
    return await peer.expectMessage(expected, timeout)
  } catch (error) {
    skipIfLimited(t, peer, size)
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
