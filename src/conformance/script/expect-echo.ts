import type { Message, Peer } from '../peer/index.ts'
import { bytesOf, type Chop, type FrameSpec, Op, showBytes } from '../wire/index.ts'
import { expectCleanClose } from './expect-close.ts'
import { TOO_BIG_CODES } from './expect-failure.ts'
import type { Trial } from './trial.ts'
/** A message to be echoed: as one frame, or as the frames given. */
export interface EchoSpec {
  opcode?: number
  payload: string | Uint8Array
  /** Sent instead of one frame; together they must carry `payload`. */
  frames?: readonly FrameSpec[]
  chop?: Chop
  /** Milliseconds without progress, instead of the timeout. */
  timeout?: number
}

/** Waits for the echo: one message of the same type and content (RFC 6455 §6.2). Returns it, with its frames. */
export async function expectEcho(
  t: Trial,
  peer: Peer,
  payload: string | Uint8Array,
  opcode: number = Op.TEXT,
  timeout?: number,
): Promise<Message> {
  const { expected } = wantedEcho(t, payload, opcode)
  const message = await receive(t, peer, bytesOf(payload).length, expected, timeout)
  checkEcho(t, message, payload, opcode)
  t.assert(true, expected, 'the same')
  return message
}

/** Messages up to this size are expected to be accepted: no limit of a server that echoes is as low. */
const SMALL_MESSAGE = 4096

/** A limit is a choice of the server: a Close 1009 or 1008 for a larger message ends the case as skipped (RFC 6455 §7.4.1, §10.4). */
export function skipIfTooBig(t: Trial, peer: Peer, size: number): void {
  const isRefused = TOO_BIG_CODES.includes(peer.closing.code ?? 0)
  if (isRefused && size > SMALL_MESSAGE) t.skip(`the target accepts no message of ${size} bytes`)
}

async function receive(t: Trial, peer: Peer, size: number, expected: string, timeout?: number): Promise<Message> {
  try {
    return await peer.expectMessage(expected, timeout)
  } catch (error) {
    skipIfTooBig(t, peer, size)
    throw error
  }
}

/** Ends the case unless the message is the echo; a match is not recorded, for cases of many messages. */
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

/** Ends a case as skipped when the target does not echo. */
export function needEcho(t: Trial): void {
  if (!t.context.capabilities.echo) t.skip('the target does not echo')
}

/** Sends a message and waits for its echo, which it returns. */
export async function expectRoundTrip(t: Trial, peer: Peer, spec: EchoSpec): Promise<Message> {
  needEcho(t)
  const opcode = spec.opcode ?? Op.TEXT
  if (spec.frames === undefined) await peer.sendFrame({ opcode, payload: spec.payload }, spec.chop)
  else await peer.sendFrames(spec.frames, spec.chop)
  return expectEcho(t, peer, spec.payload, opcode, spec.timeout)
}

/** `echo, then clean close` of the catalogue: one message of the same type and content, then the closing handshake. */
export async function expectEchoThenCleanClose(t: Trial, peer: Peer, spec: EchoSpec): Promise<void> {
  await expectRoundTrip(t, peer, spec)
  await expectCleanClose(t, peer)
}
