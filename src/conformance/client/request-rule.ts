import type { Trial } from '../script/index.ts'
import { deflateElementOf, extensionsOf, fieldTokens, fieldValues, paramBreaches } from '../wire/index.ts'
import type { Agent } from './agent.ts'
import { keyOf } from './answer.ts'
import type { ClientRequest } from './request.ts'

/** A rule that an opening request violates. */
export interface RequestBreach {
  /** The case about the rule, for example `client.req.key`. */
  rule: string
  detail: string
}

/**
 * For each passive case of `client.req`, a function that describes the violation in a request or returns null (RFC 6455
 * §4.1).
 */
const rules: Record<string, (request: ClientRequest, expectedTarget?: string) => string | null> = {
  'client.req.line': ({ requestLine, method, target, version }, expected) => {
    const isRight = method === 'GET' && version === 'HTTP/1.1' && (target.startsWith('/') || /^https?:/.test(target))
    if (!isRight) return requestLine
    return expected === undefined || target === expected ? null : `${requestLine}: the target should be ${expected}`
  },
  'client.req.syntax': ({ problems }) => (problems.length === 0 ? null : problems.join('; ')),
  'client.req.host': (request) => {
    const values = fieldValues(request, 'host')
    const isRight = values.length === 1 && /^(?:\[[0-9a-f:.]+\]|[^\s/?#@:[\]]+)(?::\d{1,5})?$/i.test(values[0])
    return isRight ? null : `Host: ${shown(values)}`
  },
  'client.req.upgrade': (request) =>
    fieldTokens(request, 'upgrade').includes('websocket') ? null : `Upgrade: ${shown(fieldValues(request, 'upgrade'))}`,
  'client.req.connection': (request) =>
    fieldTokens(request, 'connection').includes('upgrade')
      ? null
      : `Connection: ${shown(fieldValues(request, 'connection'))}`,
  'client.req.key': (request) => {
    const values = fieldValues(request, 'sec-websocket-key')
    return values.length === 1 && isKey(values[0]) ? null : `Sec-WebSocket-Key: ${shown(values)}`
  },
  'client.req.version': (request) => {
    const values = fieldValues(request, 'sec-websocket-version')
    return values.length === 1 && values[0] === '13' ? null : `Sec-WebSocket-Version: ${shown(values)}`
  },
  'client.req.protocol': (request) => {
    const names = fieldValues(request, 'sec-websocket-protocol').flatMap((value) => value.split(',').map(trim))
    const isRight = names.every(isToken) && new Set(names).size === names.length
    return isRight ? null : `Sec-WebSocket-Protocol: ${names.join(', ')}`
  },
  'client.req.extensions': (request) => {
    const offers = extensionsOf(request)
    const values = fieldValues(request, 'sec-websocket-extensions')
    if (offers === null) return `Sec-WebSocket-Extensions: ${shown(values)}`
    const problems = offers
      .filter(({ name }) => name === 'permessage-deflate')
      .flatMap((offer) => paramBreaches(offer, 'offer'))
    return problems.length === 0 ? null : `${shown(values)}: ${problems.join('; ')}`
  },
}

/** The ids of the cases that `checkRequest` covers. */
export const requestRules: readonly string[] = Object.keys(rules)

/** Returns the rules that an opening request violates. `expectedTarget` is given when the URL is known. */
export function checkRequest(request: ClientRequest, expectedTarget?: string): RequestBreach[] {
  return Object.entries(rules).flatMap(([rule, judge]) => {
    const detail = judge(request, expectedTarget)
    return detail === null ? [] : [{ rule, detail }]
  })
}

/**
 * Applies the passive rules to a request. `url` is given when the tester chose it. A follow-up is a request that the
 * client sends on its own, for example after a redirect. Whether it needs a new key is debatable, so a repeated key is
 * only noted.
 */
export function recordRequest(
  t: Trial,
  agent: Agent,
  request: ClientRequest,
  { url, isFollowUp }: { url?: URL; isFollowUp: boolean },
): void {
  const { ledger } = t.context
  const { keys } = agent
  for (const { rule, detail } of checkRequest(request, url && url.pathname + url.search)) {
    ledger.breach(rule, t.entry.id, detail)
  }
  const key = keyOf(request)
  const before = keys.get(key)
  if (before !== undefined) {
    if (isFollowUp && before === t.entry.id) t.note('repeats its key in a follow-up request')
    else ledger.breach('client.req.key-fresh', t.entry.id, `${key} again, as in ${before}`)
  }
  keys.set(key, t.entry.id)
  if (deflateElementOf(request) !== undefined) agent.context.capabilities.pmd = true
}

/** Returns whether a text is the canonical base64 of 16 bytes: 24 characters (RFC 4648 §4). */
function isKey(value: string): boolean {
  return value.length === 24 && Buffer.from(value, 'base64').toString('base64') === value && value.endsWith('==')
}

function isToken(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)
}

function trim(text: string): string {
  return text.trim()
}

function shown(values: readonly string[]): string {
  return values.length === 0 ? '(absent)' : values.join(' | ')
}
