import { describeInbound } from '../peer/index.ts'
import { expectProbe, type Trial } from '../script/index.ts'
import { Op } from '../wire/index.ts'
import { type AnswerOptions, buildAnswer, sendAnswer } from './answer.ts'
import type { InviteOptions, PendingUpgrade } from './pending-upgrade.ts'
import { receptionOf } from './reception.ts'
import type { ClientRequest } from './request.ts'

/** The response of a case, as differences from a minimal 101. It may depend on the request. */
export type Answer = AnswerOptions | ((request: ClientRequest) => AnswerOptions)

/** Waits for the next client and sends the response. */
export async function answerNext(t: Trial, answer: Answer = {}, invite?: InviteOptions): Promise<PendingUpgrade> {
  const upgrade = await receptionOf(t).next(t, invite)
  await sendAnswer(upgrade.peer, upgrade.request, typeof answer === 'function' ? answer(upgrade.request) : answer)
  return upgrade
}

/** “The client accepts” of the catalogue: the client opens the connection, and the connection works. */
export async function expectClientOpens(
  t: Trial,
  answer: Answer = {},
  invite?: InviteOptions,
): Promise<PendingUpgrade> {
  const upgrade = await answerNext(t, answer, invite)
  await expectProbe(t, upgrade.peer)
  return upgrade
}

/**
 * Sends a plain HTTP response and FIN, and expects that the client does not open the connection. The client may follow
 * a redirect on a new connection (RFC 6455 §4.1).
 */
export async function expectClientStaysHttp(t: Trial, answer: AnswerOptions): Promise<void> {
  const upgrade = await receptionOf(t).next(t)
  const { peer } = upgrade
  await peer.sendHead(buildAnswer(upgrade.request, answer))
  peer.end()
  await peer.waitForEnd()
  expectNotOpen(t, upgrade)
}

/** Options of `expectRefusal`. */
export interface RefusalOptions {
  /** Whether the client may leave the connection open, because the response is valid in HTTP. */
  mayStay?: boolean
}

/** “The client refuses” of the catalogue: no frame, the end of TCP, and an error from the API. */
export async function expectClientRefuses(t: Trial, answer: Answer, options: RefusalOptions = {}): Promise<void> {
  const upgrade = await answerNext(t, answer)
  await judgeRefusal(t, upgrade, options)
}

/**
 * Sends a ping and a text message, to which only a client that has accepted the response reacts. A client may also
 * refuse by opening the connection and then failing it with a code such as 1002 or 1010 (RFC 6455 §7.4.1).
 */
export async function judgeRefusal(t: Trial, upgrade: PendingUpgrade, options: RefusalOptions = {}): Promise<void> {
  const { peer } = upgrade
  const expected = 'no frame, and the end of the connection'
  await peer.sendFrames([
    { opcode: Op.PING, payload: 'accepted?' },
    { opcode: Op.TEXT, payload: 'accepted?' },
  ])
  const event = await peer.nextMeaningful()
  if (event === null && options.mayStay) {
    peer.end()
    await peer.waitForEnd()
    return expectNotOpen(t, upgrade)
  }
  if (event?.kind === 'close' && event.code !== null && event.code !== 1000 && event.code !== 1005) {
    t.note(`fails with ${describeInbound(event, t.timeout)} after opening`)
    return
  }
  t.require(event?.kind === 'end', expected, describeInbound(event, t.timeout))
  expectNotOpen(t, upgrade)
}

/** Checks that the API has not reported “open”. */
function expectNotOpen(t: Trial, { events }: PendingUpgrade): void {
  const opened = events.find('open') !== undefined
  t.assert(!opened, 'no frame, and no “open” from the API', opened ? 'the API reports “open”' : 'refused')
}
