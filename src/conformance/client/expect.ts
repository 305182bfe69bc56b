import { describeInbound } from '../peer/index.ts'
import { expectProbe, type Trial } from '../script/index.ts'
import { Op } from '../wire/index.ts'
import { type AnswerOptions, buildAnswer, sendAnswer } from './answer.ts'
import type { InviteOptions, PendingUpgrade } from './pending-upgrade.ts'
import { receptionOf } from './reception.ts'
import type { ClientRequest } from './request.ts'

/** What a case answers: the differences from the 101, which may depend on the request. */
export type Answer = AnswerOptions | ((request: ClientRequest) => AnswerOptions)

/** The next client, answered. */
export async function answerNext(t: Trial, answer: Answer = {}, invite?: InviteOptions): Promise<PendingUpgrade> {
  const upgrade = await receptionOf(t).next(t, invite)
  await sendAnswer(upgrade.peer, upgrade.request, typeof answer === 'function' ? answer(upgrade.request) : answer)
  return upgrade
}

/** `accept` of the catalogue: the client opens, and the probe works. */
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
 * A plain HTTP answer, then the end of our side: the client must not open. It may follow a redirect, on a connection of
 * its own (RFC 6455 §4.1).
 */
export async function expectClientStaysHttp(t: Trial, answer: AnswerOptions): Promise<void> {
  const upgrade = await receptionOf(t).next(t)
  const { peer } = upgrade
  await peer.sendHead(buildAnswer(upgrade.request, answer))
  peer.end()
  await peer.waitForEnd()
  expectNotOpen(t, upgrade)
}

/** How a refusal is judged. */
export interface RefusalOptions {
  /** The client may leave the connection as it is: an answer that HTTP knows. */
  mayStay?: boolean
}

/** `refuse` of the catalogue: no frame, the end of TCP, an error at the API. */
export async function expectClientRefuses(t: Trial, answer: Answer, options: RefusalOptions = {}): Promise<void> {
  const upgrade = await answerNext(t, answer)
  await judgeRefusal(t, upgrade, options)
}

/**
 * A client that has accepted the answer reacts to a ping or a text. One that first opens and then fails with a code
 * such as 1002 or 1010 has refused as well (RFC 6455 §7.4.1).
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
    t.note(`fails with ${describeInbound(event, t.timeout)} after it has opened`)
    return
  }
  t.require(event?.kind === 'end', expected, describeInbound(event, t.timeout))
  expectNotOpen(t, upgrade)
}

/** The API must not have said that it is open. */
function expectNotOpen(t: Trial, { events }: PendingUpgrade): void {
  const opened = events.find('open') !== undefined
  t.assert(!opened, 'no frame, and no “open” at the API', opened ? 'the API says that it is open' : 'refused')
}
