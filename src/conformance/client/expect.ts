import { describeInbound } from '../peer/inbound.ts'
import { probe } from '../script/expect-served.ts'
import type { Trial } from '../script/trial.ts'
import { Op } from '../wire/frame.ts'
import { type AnswerOptions, sendAnswer } from './answer.ts'
import { type InviteOptions, type Visit, visitsOf } from './pending-upgrade.ts'
import type { ClientRequest } from './request.ts'

/** What a case answers: the differences from the 101, which may depend on the request. */
export type Answer = AnswerOptions | ((request: ClientRequest) => AnswerOptions)

/** The next client, answered. */
export async function answerNext(t: Trial, answer: Answer = {}, invite?: InviteOptions): Promise<Visit> {
  const visit = await visitsOf(t).next(t, invite)
  await sendAnswer(visit.peer, visit.request, typeof answer === 'function' ? answer(visit.request) : answer)
  return visit
}

/** `take` of the legend: the client opens, and the probe works. */
export async function expectTaken(t: Trial, answer: Answer = {}, invite?: InviteOptions): Promise<Visit> {
  const visit = await answerNext(t, answer, invite)
  await probe(t, visit.peer)
  return visit
}

/** How a refusal is judged. */
export interface RefusalOptions {
  /** The client may leave the connection as it is: an answer that HTTP knows. */
  mayStay?: boolean
}

/** `refuse` of the legend: no frame, the end of TCP, an error at the API. */
export async function expectRefused(t: Trial, answer: Answer, options: RefusalOptions = {}): Promise<void> {
  const visit = await answerNext(t, answer)
  await judgeRefusal(t, visit, options)
}

/**
 * A client that has taken the answer reacts to a ping or a text. One that first opens and then fails with a code
 * such as 1002 or 1010 has refused as well (RFC 6455 §7.4.1).
 */
export async function judgeRefusal(t: Trial, visit: Visit, options: RefusalOptions = {}): Promise<void> {
  const { peer } = visit
  const expected = 'no frame, and the end of the connection'
  await peer.sendFrames([
    { opcode: Op.PING, payload: 'taken?' },
    { opcode: Op.TEXT, payload: 'taken?' },
  ])
  const event = await peer.nextMeaningful()
  if (event === null && options.mayStay) {
    peer.end()
    await peer.waitForEnd()
    return noRefusalOf(t, visit)
  }
  if (event?.kind === 'close' && event.code !== null && event.code !== 1000 && event.code !== 1005) {
    t.note(`fails with ${describeInbound(event, t.timeout)} after it has opened`)
    return
  }
  t.require(event?.kind === 'end', expected, describeInbound(event, t.timeout))
  noRefusalOf(t, visit)
}

/** The API must not have said that it is open. */
function noRefusalOf(t: Trial, { events }: Visit): void {
  const opened = events.find('open') !== undefined
  t.assert(!opened, 'no frame, and no “open” at the API', opened ? 'the API says that it is open' : 'refused')
}
