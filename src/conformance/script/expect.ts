import { faultOfClose } from '../peer/legal-close.ts'
import { type Chop, describeInbound, type Inbound, type Message, Mismatch, type Peer } from '../peer/peer.ts'
import { bytesOf, type FrameSpec, Op, showBytes } from '../wire/frame.ts'
import { describeAnswer, type Handshake, type OpenOptions, type Trial } from './trial.ts'

export { isLegalCode } from '../peer/legal-close.ts'

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
  const message = await peer.expectMessage(expected, timeout)
  requireEcho(t, message, payload, opcode)
  t.assert(true, expected, 'the same')
  return message
}

/** Ends the case unless the message is the echo; what is right is not recorded, for rows of many messages. */
export function requireEcho(t: Trial, message: Message, payload: string | Uint8Array, opcode: number = Op.TEXT): void {
  const { wanted, expected } = wantedEcho(t, payload, opcode)
  if (message.opcode === opcode && message.payload.equals(wanted)) return
  const came = `${message.opcode === Op.TEXT ? 'text' : 'binary'} ${showBytes(message.payload)}`
  t.fail(expected, `${came}${message.opcode === opcode ? firstDifference(message.payload, wanted) : ''}`)
}

function wantedEcho(t: Trial, payload: string | Uint8Array, opcode: number): { wanted: Buffer; expected: string } {
  const prefix = opcode === Op.TEXT ? t.context.capabilities.echoPrefix : ''
  const wanted = prefix === '' ? bytesOf(payload) : Buffer.concat([Buffer.from(prefix), bytesOf(payload)])
  return { wanted, expected: `echo: ${opcode === Op.TEXT ? 'text' : 'binary'} ${showBytes(wanted)}` }
}

function firstDifference(came: Buffer, wanted: Buffer): string {
  if (came.length !== wanted.length) return `, ${came.length} instead of ${wanted.length} bytes`
  const at = came.findIndex((byte, index) => byte !== wanted[index])
  return `, differs at byte ${at}: ${came.subarray(at, at + 8).toString('hex')} instead of ${wanted.subarray(at, at + 8).toString('hex')}`
}

/** Ends a case as skipped when the target does not echo. */
export function needEcho(t: Trial): void {
  if (!t.context.capabilities.echo) t.skip('the target does not echo')
}

/** Sends a message and waits for its echo, which it returns. */
export async function echo(t: Trial, peer: Peer, spec: EchoSpec): Promise<Message> {
  needEcho(t)
  const opcode = spec.opcode ?? Op.TEXT
  if (spec.frames === undefined) await peer.sendFrame({ opcode, payload: spec.payload }, spec.chop)
  else await peer.sendFrames(spec.frames, spec.chop)
  return expectEcho(t, peer, spec.payload, opcode, spec.timeout)
}

/** `echo, then clean close` of the legend: one message of the same type and content, then the closing handshake. */
export async function echoThenCleanClose(t: Trial, peer: Peer, spec: EchoSpec): Promise<void> {
  await echo(t, peer, spec)
  await cleanClose(t, peer)
}

/** How a closing handshake is judged. */
export interface CloseOptions {
  /** Sent in the Close; default 1000; `null` sends an empty body. */
  code?: number | null
  reason?: string | Uint8Array
  /** Codes that may come back; an empty body may as well. Default: 1000 and the code sent. */
  codes?: readonly number[]
  /** The row is about closing: a missing Close or end then breaks the row itself, not a `should` beside it. */
  strict?: boolean
  /** The Close was sent already. */
  sent?: boolean
}

/** Sends a Close and expects Close (same code, 1000 or empty) and FIN; anything else before it fails (RFC 6455 §7.1.2). */
export async function cleanClose(t: Trial, peer: Peer, options: CloseOptions = {}): Promise<void> {
  const code = options.code === undefined ? 1000 : options.code
  const codes = options.codes ?? (code === null ? [1000] : [1000, code])
  if (options.sent !== true) await peer.sendClose(code ?? undefined, options.reason)
  const expected = `Close ${codes.join(' or ')} or empty, then FIN`
  const assertClose = (ok: boolean, actual: string, requirement: string): boolean =>
    options.strict ? t.assert(ok, expected, actual) : t.assertShould(ok, expected, actual, requirement)
  const event = await peer.nextMeaningful()
  if (event?.kind === 'end') {
    assertClose(false, `${describeInbound(event, t.timeout)} without a Close`, '6455-5.5.1-6')
    return
  }
  if (event === null) {
    assertClose(false, describeInbound(event, t.timeout), '6455-5.5.1-6')
    return
  }
  t.require(event.kind === 'close', expected, describeInbound(event, t.timeout))
  const legal = event.code === null ? event.frame.payload.length === 0 : codes.includes(event.code)
  assertClose(legal, describeInbound(event, t.timeout), '6455-5.5.1-5')
  const end = await peer.nextMeaningful()
  if (end?.kind === 'end') t.assertShould(end.tcp === 'fin', expected, describeInbound(end, t.timeout), '6455-7.1.1-1')
  else assertClose(false, `Close, then ${describeInbound(end, t.timeout)}`, '6455-7.1.1-1')
}

/** What may come before the end of a failed connection. */
export interface FailureOptions {
  /** Answers to what was sent before the fault: they may come, in any number, before the end. */
  allowed?: (event: Inbound) => boolean
  /** Milliseconds to wait, instead of the timeout. */
  timeout?: number
}

/** Allows, before the failure, echoes of these texts: answers to what was legal. */
export function allowEcho(...texts: (string | Uint8Array)[]): (event: Inbound) => boolean {
  const left = texts.map((text) => bytesOf(text).toString('hex'))
  return (event) => {
    if (event.kind !== 'message') return false
    const at = left.indexOf(event.message.payload.toString('hex'))
    if (at === -1) return false
    left.splice(at, 1)
    return true
  }
}

/** Whether the event is a pong; for `allowed`. */
export function allowPong(event: Inbound): boolean {
  return event.kind === 'pong'
}

/**
 * `fail(c)` of the legend (RFC 6455 §7.1.7). A Close with one of the codes, then FIN: pass. An empty Close, another
 * legal code, or an end without Close: a warning. An echo, or no end in time: failure.
 */
export async function expectFailure(
  t: Trial,
  peer: Peer,
  codes: readonly number[],
  options: FailureOptions = {},
): Promise<void> {
  const expected = `Close ${codes.join(' or ')}, then the end of the connection`
  const event = await nextAfterFault(peer, options)
  await judgeFailure(t, peer, codes, expected, event)
}

async function nextAfterFault(peer: Peer, options: FailureOptions): Promise<Inbound | null> {
  for (;;) {
    const event = await peer.nextMeaningful(options.timeout)
    if (event === null || options.allowed?.(event) !== true) return event
  }
}

async function judgeFailure(
  t: Trial,
  peer: Peer,
  codes: readonly number[],
  expected: string,
  event: Inbound | null,
): Promise<void> {
  const code = event?.kind === 'close' ? event.code : null
  if (codes.length === 1 && (event?.kind === 'close' || event?.kind === 'end')) {
    t.context.ledger.failure(codes[0], code, t.entry.id)
  }
  if (event?.kind === 'end') {
    t.assert(true, 'the connection ends', describeInbound(event, t.timeout))
    t.assertShould(false, expected, `${describeInbound(event, t.timeout)} without a Close`, '6455-7.1.7-3')
    return
  }
  t.require(event?.kind === 'close', expected, describeInbound(event, t.timeout))
  const shown = describeInbound(event, t.timeout)
  const end = await peer.nextMeaningful()
  t.require(end?.kind === 'end', expected, `${shown}, then ${describeInbound(end, t.timeout)}`)
  const fault = faultOfClose(event)
  t.assert(fault === null, expected, fault === null ? shown : `${shown}: ${fault}`, { requirement: '6455-5.5.1-2' })
  t.assertShould(event.code !== null && codes.includes(event.code), expected, shown, '6455-7.1.7-3')
}

/**
 * `fails without waiting` of the legend: as `expectFailure`, before `rest` is sent; a server that waits for the rest
 * gets a warning and is then judged as usual. Without `rest` waiting is the failure.
 */
export async function expectFailureEarly(
  t: Trial,
  peer: Peer,
  codes: readonly number[],
  rest?: () => Promise<void>,
  options: FailureOptions = {},
): Promise<void> {
  const expected = `Close ${codes.join(' or ')} without waiting for more bytes`
  const event = await nextAfterFault(peer, options)
  if (event !== null || rest === undefined) return judgeFailure(t, peer, codes, expected, event)
  t.assertShould(false, expected, describeInbound(event, t.timeout))
  await rest()
  await expectFailure(t, peer, codes, options)
}

/** Shows that nothing more is to come: a ping is answered by its pong and by nothing before it (RFC 6455 §5.5.3). */
export async function expectQuiet(t: Trial, peer: Peer, mark = `quiet-${t.random.integer(0, 1e6)}`): Promise<void> {
  await peer.sendPing(mark)
  await peer.expectPong(Buffer.from(mark))
}

/** The probe of the legend on an open connection: text `probe`, echo, clean close; ping and pong when there is no echo. */
export async function probe(t: Trial, peer: Peer): Promise<void> {
  if (t.context.capabilities.echo) await echoThenCleanClose(t, peer, { payload: 'probe' })
  else {
    await expectQuiet(t, peer, 'probe')
    await cleanClose(t, peer)
  }
}

/** A handshake that has to be accepted, then the probe: `101 + probe`. */
export async function acceptAndProbe(t: Trial, options: OpenOptions = {}): Promise<void> {
  const handshake = await t.handshake(options)
  requireAccepted(t, handshake)
  await probe(t, handshake.peer)
}

/** Ends the case unless the answer is a 101 to which no row of `hs.resp` objects. */
export function requireAccepted(t: Trial, { response, peer, breaches }: Handshake): void {
  t.require(response?.status === 101, '101 Switching Protocols', describeAnswer(response, peer))
  for (const { rule, detail } of breaches) t.require(false, `a 101 that keeps ${rule}`, detail)
}

/** `101 + probe, or reject`: what is not an answer at all fails; what came is noted. Returns the handshake. */
export async function acceptOrReject(t: Trial, options: OpenOptions = {}): Promise<Handshake> {
  const handshake = await t.handshake(options)
  if (handshake.response?.status === 101) {
    t.note('accepted with 101')
    requireAccepted(t, handshake)
    await probe(t, handshake.peer)
  } else {
    expectReject(t, handshake)
    t.note(`answered ${describeAnswer(handshake.response, handshake.peer)}`)
  }
  return handshake
}

/** What an answer to a bad request may be. */
export interface RejectOptions {
  /** Statuses that are expected; default any 4xx or 5xx. */
  statuses?: readonly number[]
  /** Any answer but a 101 does, a plain 200 as well. */
  anyAnswer?: boolean
}

/**
 * `reject` of the legend: a status of 4xx or 5xx and no 101. The end of the stream without a status is a warning
 * (RFC 6455 §10.7). Returns whether there was a status.
 */
export function expectReject(t: Trial, { response, peer }: Handshake, options: RejectOptions = {}): boolean {
  const wanted = options.statuses?.join(' or ') ?? (options.anyAnswer ? 'an answer other than 101' : '4xx or 5xx')
  const shown = describeAnswer(response, peer)
  if (response === null) {
    t.require(peer.ended, wanted, shown)
    t.assertShould(false, wanted, shown, '6455-10.7-4')
    return false
  }
  const { status } = response
  const good = options.anyAnswer ? status !== 101 : status >= 400 && status < 600
  t.require(good, wanted, shown)
  if (options.statuses !== undefined) t.assertShould(options.statuses.includes(status), wanted, shown)
  return true
}

/**
 * `alive` of the legend: a new connection completes the probe. A target that does not serve it is lost, a `must`.
 * It is done twice: the first may overtake what the target still does about the connection before.
 */
export async function alive(t: Trial): Promise<void> {
  const expected = 'a fresh connection is served'
  const settings = { class: 'must', requirement: '6455-10.4-1' } as const
  try {
    await useOnce(t)
    await useOnce(t)
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error
    t.lost = true
    t.fail(expected, error.message, settings)
  }
  t.assert(true, expected, 'served', settings)
}

async function useOnce(t: Trial): Promise<void> {
  const peer = await t.open()
  if (t.context.capabilities.echo) {
    await peer.sendText('probe')
    await peer.expectMessage('echo of the probe')
  } else await expectQuiet(t, peer, 'probe')
  await peer.sendClose(1000)
  await peer.waitForEnd()
}
