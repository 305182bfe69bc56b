import { decodeAs } from '../../client/agreement.ts'
import { sendAnswer } from '../../client/answer.ts'
import { expectRefused, judgeRefusal } from '../../client/expect.ts'
import { type Visit, visitsOf } from '../../client/pending-upgrade.ts'
import type { Case } from '../../script/case.ts'
import { cleanClose } from '../../script/expect-close.ts'
import { echo } from '../../script/expect-echo.ts'
import type { Trial } from '../../script/trial.ts'
import { deflateElementOf, type ExtensionElement, extensionsOf, hasParam } from '../../wire/extension.ts'

type Fields = [name: string, value: string][]

export function extensionsField(value: string): Fields {
  return [['Sec-WebSocket-Extensions', value]]
}

/** Lets a client go whose request does not have what the case needs. */
export async function skipVisit(t: Trial, { peer, request }: Visit, reason: string): Promise<never> {
  await sendAnswer(peer, request)
  await peer.sendClose(1000)
  await peer.waitForEnd()
  t.skip(reason)
}

/** The next client and its offer of permessage-deflate; skips the case when it makes none. */
export async function nextOffering(t: Trial): Promise<{ visit: Visit; offer: ExtensionElement }> {
  const visit = await visitsOf(t).next(t)
  const offer = deflateElementOf(visit.request)
  return offer === undefined ? skipVisit(t, visit, NO_OFFER) : { visit, offer }
}

const NO_OFFER = 'the client does not offer permessage-deflate'

function refusedField(id: string, value: string): Case {
  return { id: `client.resp.${id}`, run: (t) => expectRefused(t, { add: extensionsField(value) }) }
}

async function answerUnasked(t: Trial): Promise<void> {
  const visit = await visitsOf(t).next(t)
  if (deflateElementOf(visit.request) !== undefined) await skipVisit(t, visit, 'the client offers permessage-deflate')
  await sendAnswer(visit.peer, visit.request, { add: extensionsField('permessage-deflate') })
  await judgeRefusal(t, visit)
}

/** Parameters that no offer allows; the last is one the client did not offer, or one that lacks its value. */
const BAD_PARAMS: readonly ((offer: ExtensionElement) => string)[] = [
  () => 'foo',
  () => 'server_no_context_takeover; server_no_context_takeover',
  () => 'server_max_window_bits=7',
  () => 'server_max_window_bits=16',
  () => 'server_max_window_bits=08',
  () => 'server_max_window_bits',
  () => 'server_no_context_takeover=1',
  () => 'client_no_context_takeover=true',
  () => 'client_max_window_bits=16',
  (offer) => (hasParam(offer, 'client_max_window_bits') ? 'client_max_window_bits' : 'client_max_window_bits=10'),
]

async function answerBadParams(t: Trial): Promise<void> {
  for (const param of BAD_PARAMS) {
    const { visit, offer } = await nextOffering(t)
    const value = `permessage-deflate; ${param(offer)}`
    await sendAnswer(visit.peer, visit.request, { add: extensionsField(value) })
    await judgeRefusal(t, visit)
  }
}

async function answerLargerWindow(t: Trial): Promise<void> {
  const { visit, offer } = await nextOffering(t)
  const bits = Number(offer.params.find(([name]) => name === 'server_max_window_bits')?.[1] ?? 15)
  if (bits >= 15) await skipVisit(t, visit, 'the client does not limit server_max_window_bits')
  const value = `permessage-deflate; server_max_window_bits=${bits + 1}`
  await sendAnswer(visit.peer, visit.request, { add: extensionsField(value) })
  await judgeRefusal(t, visit)
}

/** What the answer has to repeat of an offer, so that the client can take it. */
export function promised(offer: ExtensionElement): string {
  const bits = offer.params.find(([name]) => name === 'server_max_window_bits')?.[1]
  return [
    'permessage-deflate',
    ...(hasParam(offer, 'server_no_context_takeover') ? ['server_no_context_takeover'] : []),
    ...(bits ? [`server_max_window_bits=${bits}`] : []),
  ].join('; ')
}

const REPEATED = 'The same words again and again, the same words again and again. '.repeat(8)

/** Equal messages: each has to inflate without the one before it (RFC 7692 §7.1.1.2). */
async function forbidWindow(t: Trial): Promise<void> {
  const { visit, offer } = await nextOffering(t)
  const { peer, request } = visit
  await sendAnswer(peer, request, { add: extensionsField(`${promised(offer)}; client_no_context_takeover`) })
  decodeAs(peer, { clientBits: 15, clientKeepsWindow: false })
  for (let count = 0; count < 3; count++) {
    const { compressed } = await echo(t, peer, { payload: REPEATED })
    if (!compressed) t.note('sends it without compression')
  }
  await cleanClose(t, peer)
}

/** An offer that is declined: nothing may come compressed (RFC 7692 §5). */
async function declineOffer(t: Trial): Promise<void> {
  const { visit } = await nextOffering(t)
  const { peer, request } = visit
  await sendAnswer(peer, request)
  const { frames } = await echo(t, peer, { payload: REPEATED })
  t.require(
    frames.every(({ rsv }) => rsv === 0),
    'frames without RSV1',
    'a frame with RSV1',
  )
  await cleanClose(t, peer)
}

const OTHER = 'x-webkit-deflate-frame'

async function answerConflict(t: Trial): Promise<void> {
  const visit = await visitsOf(t).next(t)
  const names = extensionsOf(visit.request)?.map(({ name }) => name) ?? []
  if (!names.includes(OTHER) || !names.includes('permessage-deflate')) {
    await skipVisit(t, visit, `the client does not offer both permessage-deflate and ${OTHER}`)
  }
  await sendAnswer(visit.peer, visit.request, { add: extensionsField(`permessage-deflate, ${OTHER}`) })
  await judgeRefusal(t, visit)
}

/** Answers to extensions, offered or not (RFC 6455 §9.1, RFC 7692 §5, §7): `client.resp`. */
export const clientExtension: Case[] = [
  refusedField('ext-unasked', 'x-conf'),
  { id: 'client.resp.pmd-unasked', run: answerUnasked },
  refusedField('ext-malformed', ';;'),
  { id: 'client.resp.pmd-bad', connections: BAD_PARAMS.length, run: answerBadParams },
  { id: 'client.resp.pmd-smwb-larger', run: answerLargerWindow },
  { id: 'client.resp.pmd-cnct', run: forbidWindow },
  refusedField('pmd-two', 'permessage-deflate, permessage-deflate'),
  { id: 'client.resp.pmd-declined', run: declineOffer },
  { id: 'client.resp.pmd-conflict', run: answerConflict },
]
