import { describeInbound, type Inbound, type Peer } from '../peer/index.ts'
import { bytesOf, Op, showBytes, within } from '../wire/index.ts'
import { skipIfLimited } from './limit.ts'
import type { Trial } from './trial.ts'

/** A message whose bytes are compared with those of its echo. */
export interface LoadMessage {
  opcode: number
  payload: Buffer
}

/** How many frames are written at once. */
const BATCH = 500

/** For how many timeouts a load may make no progress. */
const PATIENCE = 5

/** Returns the milliseconds without progress after which a load fails. */
export function loadTimeout(t: Trial): number {
  return t.timeout * PATIENCE
}

/** Size in bytes from which a message counts as a load: a server without native code may need seconds for it. */
const LARGE_MESSAGE = 32 * 1024

/** Returns the milliseconds without progress after which the reply to a message of this size in bytes is late. */
export function timeoutFor(t: Trial, size: number): number {
  return size < LARGE_MESSAGE ? t.timeout : loadTimeout(t)
}

/** Sends many messages. Stops when the connection has ended. */
export async function sendLoad(peer: Peer, messages: readonly LoadMessage[]): Promise<void> {
  for (let at = 0; at < messages.length && !peer.ended; at += BATCH) {
    await peer.sendFrames(messages.slice(at, at + BATCH))
  }
}

/** Describes how an event differs from the echo of this message. Returns null when it is the echo. */
export function echoFault(t: Trial, event: Inbound | null, { opcode, payload }: LoadMessage): string | null {
  if (event?.kind !== 'message') return describeInbound(event, loadTimeout(t))
  const { echoPrefix } = t.context.capabilities
  const wanted = opcode === Op.TEXT && echoPrefix !== '' ? Buffer.concat([bytesOf(echoPrefix), payload]) : payload
  const { message } = event
  if (message.opcode !== opcode) return `the wrong type of message: ${describeInbound(event, 0)}`
  if (message.payload.equals(wanted)) return null
  return `${describeInbound(event, 0)} instead of ${showBytes(wanted)}`
}

/** Waits for the echo of this message. Skips the case if the target refuses what was sent because of a limit. */
async function nextFault(t: Trial, peer: Peer, message: LoadMessage): Promise<string | null> {
  const event = await peer.nextMeaningful(loadTimeout(t))
  if (event?.kind === 'close' || event?.kind === 'end') skipIfLimited(t, peer)
  return echoFault(t, event, message)
}

/** Waits for the echoes of all messages in order. Records one assertion (RFC 6455 §6.2). */
export async function expectEchoes(t: Trial, peer: Peer, messages: readonly LoadMessage[]): Promise<void> {
  const expected = `${messages.length} echoes in order`
  for (const [index, message] of messages.entries()) {
    const fault = await nextFault(t, peer, message)
    if (fault !== null) t.fail(expected, `${index} echoes, then ${fault}`)
  }
  t.assert(true, expected, `${messages.length} echoes`)
}

/** Sends each message after the echo of the one before. Returns the milliseconds of each round trip. */
export async function measureRoundTrips(t: Trial, peer: Peer, messages: readonly LoadMessage[]): Promise<number[]> {
  const times: number[] = []
  const expected = `${messages.length} round trips`
  for (const message of messages) {
    const began = performance.now()
    await peer.sendFrame(message)
    const fault = await nextFault(t, peer, message)
    if (fault !== null) t.fail(expected, `${times.length} echoes, then ${fault}`)
    times.push(performance.now() - began)
  }
  t.assert(true, expected, `${times.length} echoes`)
  return times
}

/** Formats times: `p50 0.1, p95 0.2, p99 0.4 ms`. */
export function describeTimes(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  const shown = [50, 95, 99].map((percent) => `p${percent} ${Math.round(at(percent / 100) * 100) / 100}`)
  return `${shown.join(', ')} ms`
}

/** Formats a rate: `1,200 messages/s`. */
export function describeRate(count: number, milliseconds: number, unit: string): string {
  return `${Math.round(count / (milliseconds / 1000)).toLocaleString('en-US')} ${unit}/s`
}

/** Writes bytes. Resolves to false when the target has not accepted them by the deadline. */
export async function writeBefore(peer: Peer, bytes: Uint8Array, deadline: number): Promise<boolean> {
  return (await within(peer.sendBytes(bytes), deadline - performance.now())) !== null
}

/** How many failed assertions are recorded. */
const KEPT = 10

/** Replaces the many assertions that `action` records: passed ones become one, failed ones remain up to a limit. */
export async function expectAll(t: Trial, expected: string, action: () => Promise<void>): Promise<void> {
  const before = t.assertions.length
  await action()
  const added = t.assertions.splice(before)
  const broken = added.filter(({ ok }) => !ok)
  t.assertions.push(...broken.slice(0, KEPT))
  if (broken.length === 0) t.assert(true, expected, `${added.length} assertions passed`)
}
