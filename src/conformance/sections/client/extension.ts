import {
  decodeAs,
  expectClientRefuses,
  judgeRefusal,
  type PendingUpgrade,
  receptionOf,
  sendAnswer,
} from '../../client/index.ts'
import { type Case, expectCleanClose, expectRoundTrip, type Trial } from '../../script/index.ts'
import { deflateElementOf, type ExtensionElement, extensionsOf, hasParam } from '../../wire/index.ts'

type Fields = [name: string, value: string][]

export function extensionsField(value: string): Fields {
  return [['Sec-WebSocket-Extensions', value]]
}

/** Refuses a client whose request does not have what the case needs, and skips the case. */
export async function skipUpgrade(t: Trial, { peer, request }: PendingUpgrade, reason: string): Promise<never> {
  await sendAnswer(peer, request)
  await peer.sendClose(1000)
  await peer.waitForEnd()
  t.skip(reason)
}

/** Waits for the next client and its offer of permessage-deflate. Skips the case when there is none. */
export async function nextOffering(t: Trial): Promise<{ upgrade: PendingUpgrade; offer: ExtensionElement }> {
  const upgrade = await receptionOf(t).next(t)
  const offer = deflateElementOf(upgrade.request)
  return offer === undefined ? skipUpgrade(t, upgrade, NO_OFFER) : { upgrade, offer }
}

const NO_OFFER = 'the client does not offer permessage-deflate'

function refusedField(id: string, value: string): Case {
  return { id: `client.resp.${id}`, run: (t) => expectClientRefuses(t, { add: extensionsField(value) }) }
}

async function answerUnasked(t: Trial): Promise<void> {
  const upgrade = await receptionOf(t).next(t)
  if (deflateElementOf(upgrade.request) !== undefined)
    await skipUpgrade(t, upgrade, 'the client offers permessage-deflate')
  await sendAnswer(upgrade.peer, upgrade.request, { add: extensionsField('permessage-deflate') })
  await judgeRefusal(t, upgrade)
}

/** Returns parameters that no offer allows. The last is one that the client did not offer, or one without its value. */
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
    const { upgrade, offer } = await nextOffering(t)
    const value = `permessage-deflate; ${param(offer)}`
    await sendAnswer(upgrade.peer, upgrade.request, { add: extensionsField(value) })
    await judgeRefusal(t, upgrade)
  }
}

async function answerLargerWindow(t: Trial): Promise<void> {
  const { upgrade, offer } = await nextOffering(t)
  const bits = Number(offer.params.find(([name]) => name === 'server_max_window_bits')?.[1] ?? 15)
  if (bits >= 15) await skipUpgrade(t, upgrade, 'the client does not limit server_max_window_bits')
  const value = `permessage-deflate; server_max_window_bits=${bits + 1}`
  await sendAnswer(upgrade.peer, upgrade.request, { add: extensionsField(value) })
  await judgeRefusal(t, upgrade)
}

/** Returns the parameters that the response must repeat so that the client can accept it. */
export function promised(offer: ExtensionElement): string {
  const bits = offer.params.find(([name]) => name === 'server_max_window_bits')?.[1]
  return [
    'permessage-deflate',
    ...(hasParam(offer, 'server_no_context_takeover') ? ['server_no_context_takeover'] : []),
    ...(bits ? [`server_max_window_bits=${bits}`] : []),
  ].join('; ')
}

const REPEATED = 'The same words again and again, the same words again and again. '.repeat(8)

/** Requests echoes of equal messages. Each echo must decompress without the one before it (RFC 7692 §7.1.1.2). */
async function forbidWindow(t: Trial): Promise<void> {
  const { upgrade, offer } = await nextOffering(t)
  const { peer, request } = upgrade
  await sendAnswer(peer, request, { add: extensionsField(`${promised(offer)}; client_no_context_takeover`) })
  decodeAs(peer, { clientBits: 15, clientKeepsWindow: false })
  for (let count = 0; count < 3; count++) {
    const { compressed } = await expectRoundTrip(t, peer, { payload: REPEATED })
    if (!compressed) t.note('sends it uncompressed')
  }
  await expectCleanClose(t, peer)
}

/** Declines the offer. No message may then be compressed (RFC 7692 §5). */
async function declineOffer(t: Trial): Promise<void> {
  const { upgrade } = await nextOffering(t)
  const { peer, request } = upgrade
  await sendAnswer(peer, request)
  const { frames } = await expectRoundTrip(t, peer, { payload: REPEATED })
  t.require(
    frames.every(({ rsv }) => rsv === 0),
    'frames without RSV1',
    'a frame with RSV1',
  )
  await expectCleanClose(t, peer)
}

const OTHER = 'x-webkit-deflate-frame'

async function answerConflict(t: Trial): Promise<void> {
  const upgrade = await receptionOf(t).next(t)
  const names = extensionsOf(upgrade.request)?.map(({ name }) => name) ?? []
  if (!names.includes(OTHER) || !names.includes('permessage-deflate')) {
    await skipUpgrade(t, upgrade, `the client does not offer both permessage-deflate and ${OTHER}`)
  }
  await sendAnswer(upgrade.peer, upgrade.request, { add: extensionsField(`permessage-deflate, ${OTHER}`) })
  await judgeRefusal(t, upgrade)
}

/** Responses with extensions that were offered or not (RFC 6455 §9.1, RFC 7692 §5, §7): `client.resp`. */
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
