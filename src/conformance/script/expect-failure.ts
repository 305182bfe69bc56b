import { describeInbound, faultOfClose, type Inbound, type Peer } from '../peer/index.ts'
import { IGNORED_RULE } from '../result.ts'
import { bytesOf, isForbiddenCode, isLegalCode, Op } from '../wire/index.ts'
import { expectOnlyEnd } from './expect-close.ts'
import { isTooBig } from './limit.ts'
import type { Trial } from './trial.ts'

/**
 * Rules that require the receiver to fail the connection. Other rules, such as those on fragments, bind only the
 * sender: a receiver must validate its input, but may ignore what breaks them (RFC 6455 §10.7).
 */
const FAIL_RULES: ReadonlySet<string> = new Set([
  '6455-5.1-3',
  '6455-5.1-6',
  '6455-5.2-2',
  '6455-5.2-3',
  '6455-8.1-1',
  '7692-6.1-4',
  '7692-6.1-6',
])

/** What is allowed before the end of a failed connection. */
export interface FailureOptions {
  /**
   * Whether an event is a reply to what was sent before the violation. Any number of these may arrive before the end.
   */
  allowed?: (event: Inbound) => boolean
  /** Milliseconds to wait; default: the timeout of the run. */
  timeout?: number
  /** Whether frames after the Close fail the case. By default only `inv.after-close` reports them. */
  isSilent?: boolean
  /**
   * Whether the server must reply, for example to a Close (RFC 6455 §5.5.1). Default: a rule of the case requires it to
   * fail.
   */
  isAnswerDue?: boolean
}

/** Allows echoes before the failure: of these strings as text messages, of these bytes as binary messages. */
export function allowEcho(...texts: (string | Uint8Array)[]): (event: Inbound) => boolean {
  const keyOf = (opcode: number, payload: Buffer): string => `${opcode}:${payload.toString('hex')}`
  const left = texts.map((text) => keyOf(typeof text === 'string' ? Op.TEXT : Op.BINARY, bytesOf(text)))
  return (event) => {
    if (event.kind !== 'message') return false
    const at = left.indexOf(keyOf(event.message.opcode, event.message.payload))
    if (at === -1) return false
    left.splice(at, 1)
    return true
  }
}

/** Allows pongs before the failure. */
export function allowPong(event: Inbound): boolean {
  return event.kind === 'pong'
}

/**
 * “Fails the connection with …” of the catalogue (RFC 6455 §7.1.7). Passes for a Close with one of the codes and FIN.
 * Warns for an empty Close, another valid code, an end without Close, or a Close after which TCP does not end in time.
 * Fails for an echo. Silence fails if a rule requires the receiver to fail the connection; otherwise it warns.
 */
export async function expectFailure(
  t: Trial,
  peer: Peer,
  codes: readonly number[],
  options: FailureOptions = {},
): Promise<void> {
  const expected = `Close ${codes.join(' or ')}, then the end of the connection`
  const event = await nextAfterFault(peer, options)
  await judgeFailure(t, peer, codes, expected, event, options)
}

function nextAfterFault(peer: Peer, { allowed, timeout }: FailureOptions): Promise<Inbound | null> {
  return peer.skipWhile((event) => allowed?.(event) === true, timeout)
}

/**
 * Records the Close code of a connection that had to fail with the code `expected`, for the cases about all connections
 * of the run. After a failed write nothing is recorded, because the target may have sent a Close that is lost.
 */
export function recordFailure(t: Trial, peer: Pick<Peer, 'isCutOff'>, expected: number, event: Inbound | null): void {
  const { ledger } = t.context
  if (event?.kind === 'close') ledger.failure(expected, event.code, t.entry.id)
  else if (event?.kind === 'end' && !peer.isCutOff) ledger.failure(expected, null, t.entry.id)
}

async function judgeFailure(
  t: Trial,
  peer: Peer,
  codes: readonly number[],
  expected: string,
  event: Inbound | null,
  { isSilent, isAnswerDue = t.entry.requirements.some((rule) => FAIL_RULES.has(rule)) }: FailureOptions,
): Promise<void> {
  const isLimit = isTooBig(peer, event)
  if (codes.length === 1 && !isLimit) recordFailure(t, peer, codes[0], event)
  if (event?.kind === 'end') {
    t.assert(true, 'the connection ends', describeInbound(event, t.timeout))
    if (peer.isCutOff) t.note('TCP was reset while the tester was writing; a Close sent before that would be lost')
    else t.assertShould(false, expected, `${describeInbound(event, t.timeout)} without a Close`, '6455-7.1.7-3')
    return
  }
  const shown = describeInbound(event, t.timeout)
  if (event === null && !isAnswerDue) {
    t.assertShould(false, expected, shown, IGNORED_RULE)
    return
  }
  t.require(event?.kind === 'close', expected, shown, { requirement: ruleFor(t, isAnswerDue) })
  const end = await (isSilent ? peer.nextMeaningful() : expectOnlyEnd(peer))
  judgeEnd(t, expected, shown, end)
  judgeCloseFrame(t, expected, event)
  t.assertShould(isLimit || codes.includes(event.code ?? 0), expected, shown, '6455-7.1.7-3')
}

/** Input that only the sender must not send should have an effect (RFC 6455 §10.7). */
function ruleFor(t: Trial, isAnswerDue: boolean): string | undefined {
  return !isAnswerDue && t.entry.requirements.includes(IGNORED_RULE) ? IGNORED_RULE : undefined
}

/**
 * Checks a Close frame. A code without a meaning is a warning, a code that must not be sent is a failure (RFC 6455
 * §7.4).
 */
export function judgeCloseFrame(t: Trial, expected: string, close: Extract<Inbound, { kind: 'close' }>): void {
  const fault = faultOfClose(close)
  const shown = describeInbound(close, t.timeout)
  const actual = fault === null ? shown : `${shown}: ${fault}`
  const isMeaningless = close.code !== null && !isLegalCode(close.code) && !isForbiddenCode(close.code)
  if (isMeaningless) t.assertShould(false, expected, actual, '6455-7.4.2-1')
  else t.assert(fault === null, expected, actual, { requirement: '6455-5.5.1-2' })
}

/**
 * Checks the end of TCP after the Close of a failed connection. The RFC gives no time limit, so a late end is a warning
 * (RFC 6455 §7.1.7).
 */
export function judgeEnd(t: Trial, expected: string, close: string, end: Inbound | null): void {
  const actual = `${close}, then ${describeInbound(end, t.timeout)}`
  if (end === null) t.assertShould(false, expected, actual, '6455-7.1.7-2')
  else t.require(end.kind === 'end', expected, actual)
}

/**
 * Like `expectFailure`, but before `rest` is sent. No sentence says when a frame must be refused, so that a server may
 * wait for the rest, which is noted. Without a rest it may wait as well, but is only judged by its silence.
 */
export async function expectFailureEarly(
  t: Trial,
  peer: Peer,
  codes: readonly number[],
  rest?: () => Promise<void>,
  options: FailureOptions = {},
): Promise<void> {
  const expected = `Close ${codes.join(' or ')}, then the end of the connection`
  const event = await nextAfterFault(peer, options)
  if (event !== null || rest === undefined) return judgeFailure(t, peer, codes, expected, event, options)
  t.note('waits for the rest of what it refuses')
  await rest()
  await expectFailure(t, peer, codes, options)
}
