import { skipUnserved } from './admission.ts'
import { expectProbe } from './expect-served.ts'
import { describeAnswer, type Handshake, type OpenOptions } from './handshake.ts'
import { acceptFault } from './response-rule.ts'
import type { Trial } from './trial.ts'
/** “101 and a working connection” of the catalogue: a handshake, then the probe. */
export async function expectAcceptAndProbe(t: Trial, options: OpenOptions = {}): Promise<void> {
  const handshake = await t.handshake(options)
  expectAccepted(t, handshake)
  await expectProbe(t, handshake.peer)
}

/**
 * Ends the case unless the response is a 101 that satisfies the rules of `hs.resp`. A request may come too soon after
 * another one (RFC 6585 §4).
 */
export function expectAccepted(t: Trial, { response, peer, breaches }: Handshake): void {
  if (response?.status === 429) skipUnserved(t, { response, peer })
  t.require(response?.status === 101, '101 Switching Protocols', describeAnswer(response, peer))
  for (const { rule, detail } of breaches) t.require(false, `a 101 that satisfies ${rule}`, detail)
}

/** Like `expectAccepted`, for a key in an unusual form. Sec-WebSocket-Accept must belong to `key`. */
export function expectAcceptedWith(t: Trial, handshake: Handshake, key: string): void {
  expectAccepted(t, handshake)
  const fault = handshake.response && acceptFault(handshake.response, key)
  t.require(fault === null, `the Accept of ${key}`, fault ?? 'the same')
}

/**
 * Expects “101 and a working connection, or an error response” of the catalogue. Notes the response and returns the
 * handshake.
 */
export async function expectAcceptOrReject(t: Trial, options: OpenOptions = {}): Promise<Handshake> {
  const handshake = await t.handshake(options)
  if (handshake.response?.status === 101) {
    t.note('accepted with 101')
    expectAccepted(t, handshake)
    await expectProbe(t, handshake.peer)
  } else {
    expectReject(t, handshake)
    t.note(`response: ${describeAnswer(handshake.response, handshake.peer)}`)
  }
  return handshake
}

/** Which responses to an invalid request are allowed. */
export interface RejectOptions {
  /** The expected statuses; default: any 4xx or 5xx. */
  statuses?: readonly number[]
  /** Allows every response except a 101, for example a plain 200. */
  anyAnswer?: boolean
}

/**
 * “An error response” of the catalogue: a status of 4xx or 5xx. A 101 fails. Another status is a warning, because a
 * server may ignore Upgrade (RFC 9110 §7.8), and so is the end of the stream without a response (RFC 6455 §10.7).
 * Returns whether there was a response.
 */
export function expectReject(t: Trial, { response, peer }: Handshake, options: RejectOptions = {}): boolean {
  const wanted = options.statuses?.join(' or ') ?? (options.anyAnswer ? 'a response other than 101' : '4xx or 5xx')
  const shown = describeAnswer(response, peer)
  if (response === null) {
    t.require(peer.ended, wanted, shown)
    t.assertShould(false, wanted, shown, '6455-10.7-4')
    return false
  }
  const { status } = response
  t.require(status !== 101, wanted, shown)
  if (options.anyAnswer !== true) t.assertShould(status >= 400 && status < 600, wanted, shown, '6455-4.2.1-14')
  if (options.statuses !== undefined) t.assertShould(options.statuses.includes(status), wanted, shown)
  return true
}
