import {
  type Case,
  compressedFrames,
  Deflater,
  describeAnswer,
  expectAccepted,
  expectAgreement,
  expectEchoThenCleanClose,
  expectProbe,
  expectReject,
  type Handshake,
  offerExtensions,
  Settled,
  type Trial,
} from '../../script/index.ts'
import { type Agreement, fieldValue, Op, PMD, parseExtensions } from '../../wire/index.ts'

const FIELD = 'Sec-WebSocket-Extensions'

/** The outcome of an offer. */
interface Outcome {
  handshake: Handshake
  /** The agreement; null when the offer was declined. */
  agreement: Agreement | null
}

/**
 * No rule requires a server to accept a handshake, but it must decline offers that it does not support (RFC 7692 §5).
 */
async function offer(t: Trial, ...values: string[]): Promise<Outcome> {
  const handshake = await offerExtensions(t, ...values)
  const { response, peer } = handshake
  if (response?.status !== 101) {
    t.assertShould(false, `a 101, with or without ${PMD}`, describeAnswer(response, peer), '7692-5-13')
    throw new Settled()
  }
  return { handshake, agreement: expectAgreement(t, handshake, values) }
}

/** Checks that the connection works, with compression when that was agreed. */
async function probeAsAgreed(t: Trial, { handshake: { peer }, agreement }: Outcome): Promise<void> {
  if (agreement === null || !t.context.capabilities.echo) return expectProbe(t, peer)
  const frames = compressedFrames(Op.TEXT, new Deflater(agreement).deflate(Buffer.from('probe')))
  await expectEchoThenCleanClose(t, peer, { payload: 'probe', frames })
}

/** How a case judges a valid outcome. */
interface OfferRule {
  values: string[]
  /** Whether acceptance is expected, with the class of the case. Default: the offer may also be declined. */
  answer?: 'accepted'
  check?(t: Trial, agreement: Agreement): void
}

function offerCase(id: string, { values, answer, check }: OfferRule): Case {
  return {
    id: `pmd.neg.${id}`,
    // A server without the extension would pass every other case by declining.
    needs: id === 'plain' ? [] : ['pmd'],
    async run(t: Trial) {
      const outcome = await offer(t, ...values)
      const { agreement, handshake } = outcome
      const shown = (handshake.response && fieldValue(handshake.response, FIELD)) ?? 'declined'
      if (answer === 'accepted') t.assert(agreement !== null, 'accepted', shown)
      if (agreement !== null) check?.(t, agreement)
      t.note(`answer: ${shown}`)
      await probeAsAgreed(t, outcome)
    },
  }
}

const SNCT = `${PMD}; server_no_context_takeover`
const CNCT = `${PMD}; client_no_context_takeover`

/** Notes a value above the hint, which is allowed because the hint does not bind the server (RFC 7692 §7.1.2.2). */
function noteHint(bits: number): (t: Trial, agreement: Agreement) => void {
  return (t, { clientBits }) => {
    if (clientBits !== null && clientBits > bits) t.note(`client_max_window_bits=${clientBits}, above the hint`)
  }
}

const offerRules: Record<string, OfferRule> = {
  plain: { values: [PMD] },
  'answer-params': { values: [PMD] },
  'no-client-bits': {
    values: [PMD],
    check: (t, { clientBits }) =>
      void t.assert(clientBits === null, 'no client_max_window_bits', `client_max_window_bits=${clientBits}`),
  },
  once: { values: [`${PMD}, ${SNCT}`] },
  snct: { values: [SNCT] },
  'snct-supported': { values: [SNCT], answer: 'accepted' },
  cnct: { values: [CNCT], answer: 'accepted' },
  ...Object.fromEntries(
    [8, 9, 10, 11, 12, 13, 14, 15].map((bits) => [
      `smwb-${bits}`,
      { values: [`${PMD}; server_max_window_bits=${bits}`] },
    ]),
  ),
  cmwb: { values: [`${PMD}; client_max_window_bits`] },
  ...Object.fromEntries(
    [8, 9, 12, 15].map((bits) => [
      `cmwb-${bits}`,
      { values: [`${PMD}; client_max_window_bits=${bits}`], check: noteHint(bits) },
    ]),
  ),
  'all-four': {
    values: [`${SNCT}; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10`],
    check: noteHint(10),
  },
  quoted: {
    values: [`${PMD}; server_max_window_bits="10"`],
    check: (t, { serverBits }) => void t.assert(serverBits !== null, 'server_max_window_bits up to 10', 'none'),
  },
  'two-fields': { values: ['x-conf', PMD], answer: 'accepted' },
  preference: {
    values: [`${SNCT}, ${PMD}`],
    answer: 'accepted',
    check: (t, { serverNoContext }) =>
      void t.assert(serverNoContext, 'the first offer, with server_no_context_takeover', 'the second'),
  },
  'fallback-bad-first': { values: [`${PMD}; x-conf, ${PMD}`], answer: 'accepted' },
  'fallback-three': { values: [`${SNCT}; server_max_window_bits=9, ${SNCT}, ${PMD}`] },
  'with-unknown': { values: [`x-conf, ${PMD}`] },
  'rsv1-conflict': { values: [`${PMD}, x-webkit-deflate-frame`] },
}

/** Parameters because of which an offer must be declined (RFC 7692 §7). */
const badParams: Record<string, string> = {
  'unknown-param': 'x-conf',
  'unknown-param-value': 'x-conf=1',
  'snct-value': 'server_no_context_takeover=1',
  'snct-empty': 'server_no_context_takeover=',
  'cnct-value': 'client_no_context_takeover=true',
  'smwb-none': 'server_max_window_bits',
  'smwb-empty': 'server_max_window_bits=',
  'smwb-empty-quoted': 'server_max_window_bits=""',
  'smwb-0': 'server_max_window_bits=0',
  'smwb-7': 'server_max_window_bits=7',
  'smwb-16': 'server_max_window_bits=16',
  'smwb-08': 'server_max_window_bits=08',
  'smwb-010': 'server_max_window_bits=010',
  'smwb-plus': 'server_max_window_bits=+10',
  'smwb-minus': 'server_max_window_bits=-10',
  'smwb-decimal': 'server_max_window_bits=10.0',
  'smwb-hex': 'server_max_window_bits=0xa',
  'smwb-text': 'server_max_window_bits=ten',
  'smwb-huge': 'server_max_window_bits=4294967306',
  'cmwb-7': 'client_max_window_bits=7',
  'cmwb-16': 'client_max_window_bits=16',
  'cmwb-08': 'client_max_window_bits=08',
  'cmwb-text': 'client_max_window_bits=x',
  'cmwb-empty': 'client_max_window_bits=',
  'dup-snct': 'server_no_context_takeover; server_no_context_takeover',
  'dup-cnct': 'client_no_context_takeover; client_no_context_takeover',
  'dup-smwb': 'server_max_window_bits=10; server_max_window_bits=10',
  'dup-smwb-other': 'server_max_window_bits=10; server_max_window_bits=12',
  'dup-cmwb': 'client_max_window_bits; client_max_window_bits=10',
}

/**
 * Expects that the offer is declined and the connection works. 400 is right only when the field violates the grammar
 * (RFC 6455 §9.1).
 */
async function requireDeclined(t: Trial, value: string): Promise<void> {
  const handshake = await offerExtensions(t, value)
  const { response, peer } = handshake
  if (response?.status !== 101) {
    expectReject(t, handshake)
    const isMalformed = parseExtensions(value) === null
    t.assertShould(isMalformed, `101 without ${PMD}`, response?.statusLine ?? 'no response')
    return
  }
  expectAccepted(t, handshake)
  const answer = fieldValue(response, FIELD)
  t.require(answer === null, 'declined: 101 without an extension', `${FIELD}: ${answer}`)
  await expectProbe(t, peer)
}

/** Negotiation of permessage-deflate (RFC 7692 §5, §7.1): `pmd.neg`. */
export const deflateOffer: Case[] = [
  ...Object.entries(offerRules).map(([id, rule]) => offerCase(id, rule)),
  {
    id: 'pmd.neg.browser',
    needs: ['pmd'],
    async run(t: Trial) {
      for (const value of [`${PMD}; client_max_window_bits`, PMD]) {
        const outcome = await offer(t, value)
        t.assert(outcome.agreement !== null, `“${value}” accepted`, 'declined')
        await probeAsAgreed(t, outcome)
      }
    },
  },
  ...[`${PMD} ; server_max_window_bits = 10`, 'Permessage-Deflate'].map(
    (value, index): Case => ({
      id: `pmd.neg.${['spaces', 'case'][index]}`,
      needs: ['pmd'],
      async run(t: Trial) {
        const { response } = await offerExtensions(t, value)
        const answer = response && fieldValue(response, FIELD)
        t.note(`response: ${response?.statusLine ?? 'none'}, ${answer ?? 'no extension'}`)
      },
    }),
  ),
  ...Object.entries(badParams).map(
    ([id, params]): Case => ({
      id: `pmd.neg.bad-${id}`,
      needs: ['pmd'],
      run: (t) => requireDeclined(t, `${PMD}; ${params}`),
    }),
  ),
]
