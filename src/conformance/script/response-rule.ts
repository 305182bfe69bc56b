import { acceptOf, fieldTokens, fieldValue, fieldValues, type Response, type UpgradeRequest } from '../wire/index.ts'

/** A rule that a 101 violates. */
export interface AnswerBreach {
  /** The case about the rule, for example `hs.resp.accept`. */
  rule: string
  detail: string
}

/** 16 bytes in base64, without whitespace. */
const PLAIN_KEY = /^[A-Za-z0-9+/]{22}==$/

/** Describes what is wrong with Sec-WebSocket-Accept for a key. Returns null when it is right (RFC 6455 §4.2.2). */
export function acceptFault(response: Response, key: string): string | null {
  const [accept] = fieldValues(response, 'sec-websocket-accept')
  const right = acceptOf(key)
  return accept === right ? null : `Sec-WebSocket-Accept: ${accept ?? '(absent)'} instead of ${right}`
}

function valuesSent(request: UpgradeRequest, name: string): string[] {
  return request.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

/** For each case of `hs.resp`, a function that describes the violation in a 101 or returns null (RFC 6455 §4.2.2). */
const rules: Record<string, (response: Response, request: UpgradeRequest) => string | null> = {
  // `hs.version.http10` already fails a server that accepts another version, so its version is allowed here.
  'hs.resp.status-line': ({ statusLine }, { version }) =>
    version !== 'HTTP/1.1' || /^HTTP\/1\.1 101 /.test(statusLine) ? null : statusLine,
  'hs.resp.upgrade': (response) => {
    const values = fieldValues(response, 'upgrade')
    return values.length === 1 && values[0].toLowerCase() === 'websocket'
      ? null
      : `Upgrade: ${values.join(' | ') || '(absent)'}`
  },
  'hs.resp.connection': (response) =>
    fieldTokens(response, 'connection').includes('upgrade')
      ? null
      : `Connection: ${fieldValue(response, 'connection') ?? '(absent)'}`,
  'hs.resp.accept': (response, request) => {
    const [key, ...others] = valuesSent(request, 'sec-websocket-key')
    // `hs.key` and a few other cases judge what happens to other keys.
    if (others.length > 0 || !PLAIN_KEY.test(key)) return null
    return acceptFault(response, key)
  },
  'hs.resp.accept-once': (response) => {
    const count = fieldValues(response, 'sec-websocket-accept').length
    return count === 1 ? null : `${count} Sec-WebSocket-Accept fields`
  },
  'hs.resp.no-protocol': (response, request) => {
    const value = fieldValue(response, 'sec-websocket-protocol')
    return value === null || valuesSent(request, 'sec-websocket-protocol').length > 0
      ? null
      : `Sec-WebSocket-Protocol: ${value}`
  },
  'hs.resp.no-extension': (response, request) => {
    const value = fieldValue(response, 'sec-websocket-extensions')
    return value === null || valuesSent(request, 'sec-websocket-extensions').length > 0
      ? null
      : `Sec-WebSocket-Extensions: ${value}`
  },
  'hs.resp.ext-once': (response) => {
    const count = fieldValues(response, 'sec-websocket-extensions').length
    return count <= 1 ? null : `${count} Sec-WebSocket-Extensions fields`
  },
  'hs.resp.no-body-fields': (response) => {
    const found = ['content-length', 'transfer-encoding'].filter((name) => fieldValue(response, name) !== null)
    return found.length === 0 ? null : found.join(', ')
  },
  'hs.resp.syntax': ({ problems }) => (problems.length === 0 ? null : problems.join('; ')),
}

/** The ids of the cases that `checkAnswer` covers. */
export const answerRules: readonly string[] = Object.keys(rules)

/** Returns the rules that a 101 violates (RFC 6455 §4.2.2). */
export function checkAnswer(request: UpgradeRequest, response: Response): AnswerBreach[] {
  return Object.entries(rules).flatMap(([rule, judge]) => {
    const detail = judge(response, request)
    return detail === null ? [] : [{ rule, detail }]
  })
}
