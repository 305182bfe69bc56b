import { expectProbe } from './expect-served.ts'
import { acceptFault } from './response-rule.ts'
import { describeAnswer, type Handshake, type OpenOptions, type Trial } from './trial.ts'
/** A handshake that has to be accepted, then the probe: `101 + probe`. */
export async function expectAcceptAndProbe(t: Trial, options: OpenOptions = {}): Promise<void> {
  const handshake = await t.handshake(options)
  expectAccepted(t, handshake)
  await expectProbe(t, handshake.peer)
}

/** Ends the case unless the answer is a 101 that breaks no rule of `hs.resp`. */
export function expectAccepted(t: Trial, { response, peer, breaches }: Handshake): void {
  t.require(response?.status === 101, '101 Switching Protocols', describeAnswer(response, peer))
  for (const { rule, detail } of breaches) t.require(false, `a 101 that satisfies ${rule}`, detail)
}

/** The same, with the Accept of that key: for keys that are not written as H0 writes them. */
export function expectAcceptedWith(t: Trial, handshake: Handshake, key: string): void {
  expectAccepted(t, handshake)
  const fault = handshake.response && acceptFault(handshake.response, key)
  t.require(fault === null, `the Accept of ${key}`, fault ?? 'that')
}

/** `101 + probe, or reject`: anything that is not an answer fails; the answer is noted. Returns the handshake. */
export async function expectAcceptOrReject(t: Trial, options: OpenOptions = {}): Promise<Handshake> {
  const handshake = await t.handshake(options)
  if (handshake.response?.status === 101) {
    t.note('accepted with 101')
    expectAccepted(t, handshake)
    await expectProbe(t, handshake.peer)
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
 * `reject` of the catalogue: no 101, but a status of 4xx or 5xx. Another status is a warning: a server may ignore Upgrade
 * and answer the request as plain HTTP (RFC 9110 §7.8). So is the end of the stream without a status (RFC 6455 §10.7).
 * Returns whether there was a status.
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
  t.require(status !== 101, wanted, shown)
  if (options.anyAnswer !== true) t.assertShould(status >= 400 && status < 600, wanted, shown, '6455-4.2.1-14')
  if (options.statuses !== undefined) t.assertShould(options.statuses.includes(status), wanted, shown)
  return true
}
