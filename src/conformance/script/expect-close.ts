import { describeInbound, faultOfClose, type Inbound, type Peer } from '../peer/index.ts'
import type { Trial } from './trial.ts'
/** How a closing handshake is judged. */
export interface CloseOptions {
  /** The code of the Close; default 1000. With `null` its body is empty. */
  code?: number | null
  reason?: string | Uint8Array
  /** Codes that are allowed in the reply, besides an empty body. Default: 1000 and the code that was sent. */
  codes?: readonly number[]
  /** Whether a missing Close or end fails the case instead of being a warning, because the case is about closing. */
  strict?: boolean
  /** Whether the Close was sent already. */
  sent?: boolean
  /**
   * Whether frames follow the Close. A server need not read them, and TCP sends RST when a socket is closed with unread
   * bytes; `close.fin-not-rst-unread` reports that.
   */
  mayReset?: boolean
}

/**
 * Waits for the end of the connection after a Close. Returns null when it does not end in time. Frames after the Close
 * are skipped, because `inv.after-close` reports them.
 */
export function expectOnlyEnd(peer: Peer): Promise<Inbound | null> {
  return peer.skipWhile((event) => event.kind !== 'end')
}

/** Codes that report an error, and therefore are not valid in the reply to a valid Close (RFC 6455 §7.4.1). */
const FAILURE_CODES: ReadonlySet<number | null> = new Set([1002, 1003, 1007, 1009, 1010, 1011])

/** Sends a Close and expects a Close (same code, 1000 or empty) and FIN, with nothing but pongs before them (RFC 6455 §7.1.2). */
export async function expectCleanClose(t: Trial, peer: Peer, options: CloseOptions = {}): Promise<void> {
  const code = options.code === undefined ? 1000 : options.code
  const codes = options.codes ?? (code === null ? [1000] : [1000, code])
  if (options.sent !== true) await peer.sendClose(code ?? undefined, options.reason)
  const expected = `Close ${[...new Set(codes)].join(' or ')} or empty, then FIN`
  const assertClose = (ok: boolean, actual: string, requirement: string): boolean =>
    options.strict ? t.assert(ok, expected, actual) : t.assertShould(ok, expected, actual, requirement)
  // A pong is allowed at any time, also one that no longer has to answer a ping (RFC 6455 §5.5.2, §5.5.3).
  const event = await peer.skipWhile(({ kind }) => kind === 'pong')
  if (event?.kind === 'end') {
    assertClose(false, `${describeInbound(event, t.timeout)} without a Close`, '6455-5.5.1-7')
    return
  }
  if (event === null) {
    assertClose(false, describeInbound(event, t.timeout), '6455-5.5.1-7')
    return
  }
  t.require(event.kind === 'close', expected, describeInbound(event, t.timeout))
  const isOther = event.code !== null && !codes.includes(event.code)
  const fault = faultOfClose(event) ?? (isOther && FAILURE_CODES.has(event.code) ? 'the code of a failure' : null)
  const shown = describeInbound(event, t.timeout)
  assertClose(fault === null, fault === null ? shown : `${shown}: ${fault}`, '6455-5.5.1-2')
  // The code is only “typically” echoed (RFC 6455 §5.5.1).
  if (isOther) t.note(`replies to Close ${code ?? 'without a code'} with ${event.code}`)
  const end = await expectOnlyEnd(peer)
  if (end?.kind === 'end') {
    const isGood = end.tcp === 'fin' || options.mayReset === true
    t.assertShould(isGood, expected, describeInbound(end, t.timeout), '6455-7.1.1-1')
  } else assertClose(false, `Close, then ${describeInbound(end, t.timeout)}`, '6455-7.1.1-1')
}
