import type { Defects } from './defects.ts'
import { Refusal, TOKEN } from './http-head.ts'

/** One element of Sec-WebSocket-Extensions. */
export interface Extension {
  name: string
  params: [name: string, value: string | null][]
}

/** The agreement on permessage-deflate (RFC 7692 §7.1). */
export interface Agreement {
  serverNoContext: boolean
  clientNoContext: boolean
  /** The value of server_max_window_bits; null without the parameter. */
  serverBits: number | null
  /** The value of client_max_window_bits; null without the parameter, 15 for the parameter without a value. */
  clientBits: number | null
}

const T = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const SEPARATORS = /[ \t,]*/y
const NAME = new RegExp(T, 'y')
const PARAM = new RegExp(`[ \\t]*;[ \\t]*(${T})(?:[ \\t]*=[ \\t]*(?:(${T})|"((?:[^"\\\\]|\\\\.)*)"))?`, 'y')
const ELEMENT_END = /[ \t]*(?:,|$)/y

/** Parses the values of Sec-WebSocket-Extensions (RFC 6455 §9.1). */
export function parseExtensions(values: readonly string[], defects: Defects): Extension[] {
  if (defects.has('splits-extensions-naively')) return values.flatMap((value) => value.split(',').map(splitNaively))
  return values.flatMap(parseValue)
}

function parseValue(value: string): Extension[] {
  const extensions: Extension[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(value)
    if (match) at = pattern.lastIndex
    return match
  }
  for (take(SEPARATORS); at < value.length; take(SEPARATORS)) {
    const name = take(NAME)?.[0]
    if (name === undefined) throw new Refusal(400, 'a malformed extensions field')
    const params: Extension['params'] = []
    for (let match = take(PARAM); match; match = take(PARAM)) params.push([match[1]!, paramValue(match)])
    if (!take(ELEMENT_END)) throw new Refusal(400, 'a malformed extensions field')
    extensions.push({ name, params })
  }
  return extensions
}

function paramValue(match: RegExpExecArray): string | null {
  const value = match[2] ?? match[3]?.replace(/\\(.)/g, '$1') ?? null
  if (value !== null && !TOKEN.test(value)) throw new Refusal(400, 'a quoted value that is no token')
  return value
}

function splitNaively(element: string): Extension {
  const [name = '', ...params] = element.split(';').map((part) => part.trim())
  return {
    name,
    params: params.map((param) => [param.split('=')[0]!, param.split('=')[1]?.replaceAll('"', '') ?? null]),
  }
}

/**
 * Accepts the first valid offer of permessage-deflate. Returns the agreement with the element of the response; null
 * when there is none.
 */
export function acceptOffer(extensions: readonly Extension[], defects: Defects): [Agreement, string] | null {
  const offers = extensions.filter(({ name }) => name === 'permessage-deflate')
  if (defects.has('pmd-takes-last-offer')) offers.reverse()
  if (defects.has('pmd-reads-first-offer-only')) offers.splice(1)
  for (const offer of offers) {
    const agreement = readParams(offer, defects)
    if (agreement?.serverBits != null && defects.has('pmd-refuses-request-with-server-bits'))
      throw new Refusal(400, 'server_max_window_bits')
    if (agreement) return adjust(agreement, defects)
    if (defects.has('pmd-refuses-request-with-bad-offer')) throw new Refusal(400, 'a bad offer')
  }
  return null
}

/** Returns the agreement with the additions of the quirks, and the element of the response (RFC 7692 §7.1). */
function adjust(offered: Agreement, defects: Defects): [Agreement, string] {
  const agreement = { ...offered }
  if (defects.has('deflate-without-own-context')) agreement.serverNoContext = true
  if (defects.has('deflate-with-own-bits')) agreement.serverBits = Math.min(12, offered.serverBits ?? 12)
  if (defects.has('deflate-with-client-bits') && offered.clientBits !== null) {
    agreement.clientBits = Math.min(10, offered.clientBits)
  }
  if (defects.has('deflate-without-15') && offered.serverBits === 15) agreement.serverBits = null
  const answer = formatAnswer(agreement, defects)
  if (!defects.has('deflate-without-client-context')) return [agreement, answer]
  return [{ ...agreement, clientNoContext: true }, `${answer}; client_no_context_takeover`]
}

/** Reads the parameters of an offer or a response. Returns null when they are invalid (RFC 7692 §7.1). */
export function readParams(element: Extension, defects: Defects): Agreement | null {
  const agreement: Agreement = { serverNoContext: false, clientNoContext: false, serverBits: null, clientBits: null }
  const seen = new Set<string>()
  for (const [name, value] of element.params) {
    if (seen.has(name) && !defects.has('pmd-accepts-repeated-param')) return null
    seen.add(name)
    if (!readParam(agreement, name, value, defects)) return null
  }
  return agreement
}

function readParam(agreement: Agreement, name: string, value: string | null, defects: Defects): boolean {
  switch (name) {
    case 'server_no_context_takeover':
      agreement.serverNoContext = true
      return value === null || defects.has('pmd-accepts-flag-with-value')
    case 'client_no_context_takeover':
      agreement.clientNoContext = true
      return value === null || defects.has('pmd-accepts-flag-with-value')
    case 'server_max_window_bits':
      agreement.serverBits = Number(value)
      return isWindowBits(value, defects)
    case 'client_max_window_bits':
      agreement.clientBits = Number(value ?? 15)
      return value === null || isWindowBits(value, defects)
    default:
      return defects.has('pmd-ignores-unknown-param')
  }
}

function isWindowBits(value: string | null, defects: Defects): boolean {
  if (defects.has('pmd-accepts-16-bits') && value === '16') return true
  if (defects.has('pmd-accepts-leading-zero') && /^0+\d+$/.test(value ?? '')) return true
  if (defects.has('pmd-parses-bits-leniently')) return Number.parseInt(value ?? '', 10) >= 8
  return /^(?:[89]|1[0-5])$/.test(value ?? '')
}

function formatAnswer(agreement: Agreement, defects: Defects): string {
  const parts = ['permessage-deflate']
  if (agreement.serverNoContext && !defects.has('pmd-omits-server-no-context')) parts.push('server_no_context_takeover')
  if (agreement.serverBits !== null && !defects.has('pmd-omits-server-bits')) {
    parts.push(`server_max_window_bits=${agreement.serverBits}`)
  }
  if (agreement.clientBits !== null && agreement.clientBits < 15) {
    parts.push(`client_max_window_bits=${agreement.clientBits}`)
  }
  if (defects.has('pmd-answers-client-bits-unasked')) parts.push('client_max_window_bits=12')
  if (defects.has('pmd-answers-unknown-param')) parts.push('x_level=6')
  const answer = parts.join('; ')
  return defects.has('pmd-answers-twice') ? `${answer}, permessage-deflate` : answer
}
