import { describeInbound } from '../../peer/index.ts'
import {
  answerRules,
  type Case,
  checkAnswer,
  describeAnswer,
  expectNoBreach,
  type OpenOptions,
  type Trial,
} from '../../script/index.ts'

async function checkRule(t: Trial, rule: string, options: OpenOptions): Promise<void> {
  const { peer, request, response } = await t.handshake(options)
  t.require(response?.status === 101, '101 Switching Protocols', describeAnswer(response, peer))
  const breach = checkAnswer(request, response).find((one) => one.rule === rule)
  t.require(breach === undefined, t.entry.expect, breach?.detail ?? response.statusLine)
  expectNoBreach(t, rule)
}

/** Checks that only frames follow the 101: a ping gets its pong, and the frames before it are well formed. */
async function checkNothingExtra(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendPing('extra')
  const event = await peer.skipWhile(({ kind }) => kind === 'message')
  const isPong = event?.kind === 'pong'
  t.require(isPong, 'well-formed frames or nothing between the 101 and a pong', describeInbound(event, t.timeout))
  const own = t.context.ledger.breachesOf('inv.frame-grammar').filter(({ seenIn }) => seenIn === t.entry.id)
  t.require(own.length === 0, t.entry.expect, own[0]?.detail ?? 'frames only')
}

/** Checks of the 101 (RFC 6455 §4.2.2), for one that the case requests and for all others of the run: `hs.resp`. */
export const serverAnswer: Case[] = [
  ...answerRules.map((id): Case => {
    const options: OpenOptions =
      id === 'hs.resp.ext-once' ? { add: [['Sec-WebSocket-Extensions', 'permessage-deflate']] } : {}
    return { id, phase: 'after', run: (t) => checkRule(t, id, options) }
  }),
  { id: 'hs.resp.nothing-extra', run: checkNothingExtra },
]
