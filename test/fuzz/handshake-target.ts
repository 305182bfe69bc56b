import fc from 'fast-check'
import { HandshakeError } from '../../src/core/errors.ts'
import { type RequestHead, RequestHeadParser } from '../../src/handshake/request-head.ts'
import { checkUpgradeRequest } from '../../src/handshake/upgrade-request.ts'
import { bytes, chunking, cut, maybeDamaged } from '../support/arbitrary.ts'
import { assert } from '../support/unit.ts'
import type { Target } from './target.ts'

const HEAD =
  /^(?:\r\n)?([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/(\d\.\d)\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n/
const MAX_SIZE = 2_000

/**
 * Parses a request head of RFC 9112 with one regular expression. Returns null when the head is incomplete or malformed.
 */
function slowHead(text: string): RequestHead | null {
  const match = HEAD.exec(text)
  if (match === null || !match[3].startsWith('1') || match[0].length > MAX_SIZE) return null
  const lines = match[4].split('\r\n').slice(0, -1)
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
  })
  return { method: match[1], url: match[2], httpVersion: match[3], rawHeaders, end: match[0].length }
}

const valuesOf = ({ rawHeaders }: RequestHead, name: string): string[] =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name)

const TOKENS =
  /^[ \t]*(?:,[ \t]*)*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*(?:,[ \t]*)+)*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*)?$/

/** Returns whether a request violates a rule of RFC 6455 §4.2.1 that needs no separate grammar, and must be refused. */
function mustBeRefused(head: RequestHead): boolean {
  const one = (name: string): string | null => {
    const values = valuesOf(head, name)
    return values.length === 1 ? values[0] : null
  }
  const connection = valuesOf(head, 'connection').join(',')
  const hasUpgrade =
    TOKENS.test(connection) &&
    connection
      .toLowerCase()
      .split(',')
      .some((token) => token.trim() === 'upgrade')
  return (
    head.method !== 'GET' ||
    head.httpVersion === '1.0' ||
    one('host') === null ||
    !/\bwebsocket\b/i.test(one('upgrade') ?? '') ||
    !hasUpgrade ||
    one('sec-websocket-version') !== '13' ||
    !/^[A-Za-z0-9+/]{22}==$/.test(one('sec-websocket-key') ?? '') ||
    valuesOf(head, 'transfer-encoding').length > 0 ||
    (one('content-length') ?? '0') !== '0' ||
    valuesOf(head, 'origin').length > 1
  )
}

/** Returns whether a text is a plain request without any fault. */
const isPlain = (text: string): boolean => PLAIN.test(text)
const PLAIN =
  /^GET \/[a-z]* HTTP\/1\.1\r\nHost: [a-z]+\r\nUpgrade: websocket\r\nConnection: (?:keep-alive, )?Upgrade\r\nSec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\nSec-WebSocket-Version: 13\r\n(?:X-[a-z]+: [a-z ]*\r\n)*\r\n/

const LINES = [
  'Host: a',
  'Host: b:80',
  'Upgrade: websocket',
  'Upgrade: h2c, WebSocket',
  'Connection: Upgrade',
  'Connection: close',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Version: 12',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Key: x',
  'Content-Length: 0',
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Origin: http://a',
  'Origin:',
  'X: \t y ',
  ' folded',
  'a b: c',
  'Sec-WebSocket-Protocol: a, b',
  'Sec-WebSocket-Protocol: a, a',
  'Sec-WebSocket-Extensions: x; y="z"',
  'Sec-WebSocket-Extensions: ;',
  'Cookie: \u00e9',
]

const FIELDS = [
  'Host: a',
  'Upgrade: websocket',
  'Connection: keep-alive, Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
]

/** A request with its line and fields, with more fields, one field less, a long field, or bytes after it. */
const requests = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'get'),
    target: fc.constantFrom('/', '/', '/', '/path', 'http://a/b?c', '*', '/#f', '/\u00e9'),
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.0', '2.0'),
    missing: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: fc.nat(4) }),
    added: fc.array(fc.record({ line: fc.constantFrom(...LINES), at: fc.nat() }), { maxLength: 4 }),
    padding: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: fc.nat(2_200) }),
    behind: bytes(10),
  })
  .map(({ method, target, version, missing, added, padding, behind }) => {
    const fields = FIELDS.filter((_, index) => index !== missing)
    for (const { line, at } of added) fields.splice(at % (fields.length + 1), 0, line)
    if (padding !== null) fields.push(`X-a: ${'x'.repeat(padding)}`)
    const text = `${method} ${target} HTTP/${version}\r\n${fields.join('\r\n')}\r\n\r\n`
    return Buffer.concat([Buffer.from(text, 'latin1'), behind])
  })

const inputs = fc.record({ bytes: maybeDamaged(requests, 50), chunking })

type Input = typeof inputs extends fc.Arbitrary<infer T> ? T : never

/** The head of a request in any chunks, and the rules of the opening handshake. */
export const handshakeTarget: Target<Input> = {
  name: 'handshake',
  inputs,
  check({ bytes, chunking }) {
    const parser = new RequestHeadParser({ maxSize: MAX_SIZE })
    let found: RequestHead | null = null
    let before = 0
    try {
      for (const chunk of cut(bytes, chunking)) {
        found = parser.push(chunk, 0, chunk.length)
        if (found !== null) break
        before += chunk.length
      }
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
    }
    if (found !== null) found = { ...found, end: found.end + before }
    const text = bytes.toString('latin1')
    assert.equal(found, slowHead(text))
    if (found === null) return 0
    let isAccepted = true
    try {
      checkUpgradeRequest(found)
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
      assert.ok(error.status >= 400 && error.status <= 505)
      isAccepted = false
    }
    if (isAccepted) assert.not(mustBeRefused(found))
    else assert.not(isPlain(text))
    return 0
  },
}
