import fc from 'fast-check'
import type { HandshakeError } from '../../src/core/errors.ts'
import { type RequestHead, type RequestHeadLimits, RequestHeadParser } from '../../src/handshake/request-head.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'

const test = suite('request-head')

const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const H0 =
  'GET /chat?a=1 HTTP/1.1\r\n' +
  'Host: example.com\r\n' +
  'Upgrade:websocket\r\n' +
  'Connection: \t keep-alive, Upgrade \t\r\n' +
  'X-Empty:\r\n' +
  'X-Blank:  \r\n' +
  'X-Obs: \u00e9\u00ff\r\n' +
  'host: again\r\n' +
  '\r\n'

const PARSED = {
  method: 'GET',
  url: '/chat?a=1',
  httpVersion: '1.1',
  rawHeaders: [
    ...['Host', 'example.com', 'Upgrade', 'websocket', 'Connection', 'keep-alive, Upgrade', 'X-Empty', ''],
    ...['X-Blank', '', 'X-Obs', '\u00e9\u00ff', 'host', 'again'],
  ],
}

/** Pushes a text as latin1, cut at the given places; the head and where it ends in the text. */
function parse(text: string, cuts: number[] = [], limits?: RequestHeadLimits): RequestHead | null {
  const bytes = Buffer.from(text, 'latin1')
  const parser = new RequestHeadParser(limits)
  let start = 0
  for (const cut of [...cuts, bytes.length]) {
    const head = parser.push(bytes, start, cut)
    if (head !== null) return head
    start = cut
  }
  return null
}

function everyByte(text: string): number[] {
  return Array.from({ length: text.length }, (_, i) => i)
}

async function assertRefused(text: string, status: number, message: RegExp, limits?: RequestHeadLimits): Promise<void> {
  for (const cuts of [[], everyByte(text)]) {
    const error = (await thrownBy(() => parse(text, cuts, limits))) as HandshakeError
    assert.is(`${error.name} ${error.status}`, `HandshakeError ${status}`, `${JSON.stringify(text)}: ${error.message}`)
    assert.match(error.message, message)
    assert.match(error.code, /^ERR_WS_(REQUEST_SYNTAX|HEAD_TOO_LARGE|HTTP_VERSION)$/)
  }
}

test('parses a head whole', () => {
  assert.equal(parse(H0), { ...PARSED, end: H0.length })
  assert.equal(parse('GET / HTTP/1.0\r\n\r\n'), {
    method: 'GET',
    url: '/',
    httpVersion: '1.0',
    rawHeaders: [],
    end: 18,
  })
})

test('returns the text of a head, and starts another after restart()', () => {
  const parser = new RequestHeadParser()
  const texts = [H0, 'GET /other HTTP/1.1\r\n\r\n', 'broken\r\n', H0]
  for (const text of texts) {
    const bytes = Buffer.from(`${text}rest`, 'latin1')
    for (const cut of [0, 10]) {
      parser.restart()
      assert.is(parser.text, '')
      if (text === 'broken\r\n') {
        assert.throws(() => parser.push(bytes, 0, bytes.length))
        continue
      }
      assert.is(parser.push(bytes, 0, cut), null)
      assert.is(parser.push(bytes, cut, bytes.length)!.end, text.length)
      assert.is(parser.text, text)
    }
  }
})

test('hs.ok.split-everywhere: parses a head cut at every place', () => {
  for (let cut = 1; cut < H0.length; cut++)
    assert.equal(parse(H0, [cut]), { ...PARSED, end: H0.length }, `cut at ${cut}`)
})

test('parses a head cut at every two places', () => {
  const text = 'GET / HTTP/1.1\r\nA: b\r\n\r\n'
  const whole = parse(text)
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) assert.equal(parse(text, [first, second]), whole)
  }
})

test('hs.ok.dribble: parses a head byte by byte', () => {
  assert.equal(parse(H0, everyByte(H0)), { ...PARSED, end: H0.length })
})

test('hs.ok.frame-with-request: tells where the head ends when more bytes follow', () => {
  assert.is(parse(`${H0}\x81\x85`)?.end, H0.length)
  assert.is(parse(`${H0}${H0}`, [H0.length - 1])?.end, H0.length)
})

test('reads a range of a larger window and leaves the rest alone', () => {
  const bytes = new Uint8Array(H0.length + 20).fill(0)
  bytes.set(Buffer.from(H0, 'latin1'), 10)
  const window = new Uint8Array(bytes.buffer, 5)
  const parser = new RequestHeadParser()
  assert.is(parser.push(window, 5, 5), null)
  assert.is(parser.push(window, 5, 25), null)
  assert.equal(parser.push(window, 25, window.length), { ...PARSED, end: 5 + H0.length })
})

test('copies what it needs later, for the window is used again', () => {
  const window = Buffer.alloc(1)
  const parser = new RequestHeadParser()
  let head: RequestHead | null = null
  for (const byte of Buffer.from(H0, 'latin1')) {
    window[0] = byte
    head = parser.push(window, 0, 1)
    window[0] = 0
  }
  assert.equal(head, { ...PARSED, end: 1 })
})

test('keeps the bytes of earlier pushes for another parser', () => {
  const bytes = Buffer.from(H0, 'latin1')
  const parser = new RequestHeadParser()
  assert.is(parser.stored.length, 0)
  parser.push(bytes, 0, 10)
  parser.push(bytes, 10, 30)
  parser.push(bytes, 30, bytes.length)
  assert.is(parser.stored.toString('latin1'), H0.slice(0, 30))
})

test('grows its buffer without losing a byte', () => {
  const text = `GET / HTTP/1.1\r\nA: ${'x'.repeat(5000)}\r\nB: ${'y'.repeat(9000)}\r\n\r\n`
  for (const cuts of [[1, 1500, 1501, 8000, 14_000], everyByte(text)]) {
    assert.equal(parse(text, cuts)?.rawHeaders, ['A', 'x'.repeat(5000), 'B', 'y'.repeat(9000)])
  }
})

test('hs.ok.leading-crlf: accepts one empty line before the request line and no more', async () => {
  assert.equal(parse(`\r\n${H0}`), { ...PARSED, end: H0.length + 2 })
  assert.equal(parse(`\r\n${H0}`, everyByte(`\r\n${H0}`)), { ...PARSED, end: H0.length + 2 })
  await assertRefused(`\r\n\r\n${H0}`, 400, /^byte 0x0d is not allowed in the method$/)
  await assertRefused(`\n${H0}`, 400, /^byte 0x0a is not allowed in the method$/)
  await assertRefused(`\r${H0}`, 400, /^byte 0x47 is not allowed in the method$/)
})

test('knows each of the 256 bytes at every place of the grammar', () => {
  const visible = (byte: number) => byte > 32 && byte !== 127
  const token = (byte: number) => TOKEN.includes(String.fromCharCode(byte))
  const places: [before: string, after: string, allowed: (byte: number) => boolean][] = [
    ['', 'GET / HTTP/1.1\r\n\r\n', token],
    ['G', 'T / HTTP/1.1\r\n\r\n', token],
    ['GET ', 'x HTTP/1.1\r\n\r\n', visible],
    ['GET /', 'x HTTP/1.1\r\n\r\n', visible],
    ['GET / ', 'TTP/1.1\r\n\r\n', (byte) => byte === 0x48],
    ['GET / H', 'TP/1.1\r\n\r\n', (byte) => byte === 0x54],
    ['GET / HT', 'P/1.1\r\n\r\n', (byte) => byte === 0x54],
    ['GET / HTT', '/1.1\r\n\r\n', (byte) => byte === 0x50],
    ['GET / HTTP', '1.1\r\n\r\n', (byte) => byte === 0x2f],
    ['GET / HTTP/', '.1\r\n\r\n', (byte) => byte === 0x31],
    ['GET / HTTP/1', '1\r\n\r\n', (byte) => byte === 0x2e],
    ['GET / HTTP/1.', '\r\n\r\n', (byte) => byte >= 0x30 && byte <= 0x39],
    ['GET / HTTP/1.1', '\nA: b\r\n\r\n', (byte) => byte === 0x0d],
    ['GET / HTTP/1.1\r', 'A: b\r\n\r\n', (byte) => byte === 0x0a],
    ['GET / HTTP/1.1\r\n', 'a: b\r\n\r\n', token],
    ['GET / HTTP/1.1\r\na', 'a: b\r\n\r\n', (byte) => token(byte) || byte === 0x3a],
    ['GET / HTTP/1.1\r\nA:', 'x\r\n\r\n', (byte) => visible(byte) || byte === 0x20 || byte === 0x09],
    ['GET / HTTP/1.1\r\nA:x', 'x\r\n\r\n', (byte) => visible(byte) || byte === 0x20 || byte === 0x09],
    ['GET / HTTP/1.1\r\nA:x\r', '\r\n', (byte) => byte === 0x0a],
    ['GET / HTTP/1.1\r\n\r', '', (byte) => byte === 0x0a],
  ]
  for (const [before, after, allowed] of places) {
    for (let byte = 0; byte < 256; byte++) {
      let accepted = true
      try {
        assert.ok(parse(before + String.fromCharCode(byte) + after))
      } catch (error) {
        accepted = false
        assert.is((error as Error).name, 'HandshakeError', `byte ${byte} behind ${JSON.stringify(before)}`)
      }
      assert.is(accepted, allowed(byte), `byte ${byte} behind ${JSON.stringify(before)}`)
    }
  }
})

test('hs.method.*, hs.target.*, hs.version.*: refuses a broken request line at its first bad byte', async () => {
  await assertRefused('GE(', 400, /^byte 0x28 is not allowed in the method$/)
  await assertRefused(' ', 400, /the method$/)
  await assertRefused('GET  ', 400, /the request target$/)
  await assertRefused('GET /\0', 400, /^byte 0x00 is not allowed in the request target$/)
  await assertRefused('GET /chat\r', 400, /the request target$/)
  await assertRefused('GET /chat x', 400, /the HTTP version$/)
  await assertRefused('GET HTTP/1.1\r', 400, /the request target$/)
  for (const version of ['HTTP/1.1x', 'HTTP/11', 'HTTP/1\r', 'HTTP/1.\r', 'http', 'HTTP/1.10', 'HTTP/1.1 ']) {
    await assertRefused(`GET / ${version}`, 400, /the HTTP version$/)
  }
})

test('hs.version.http2-text: refuses another major version with 505', async () => {
  await assertRefused('GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505, /^HTTP\/2.0, must be HTTP\/1.1$/)
  await assertRefused('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505, /must be HTTP\/1.1/)
  await assertRefused('GET / HTTP/0.9\r\n\r\n', 505, /must be HTTP\/1.1/)
})

test('hs.syntax.*: refuses broken field lines at their first bad byte', async () => {
  const line = 'GET / HTTP/1.1\r\n'
  await assertRefused(
    `${line}X-Conf: a\r\n b`.slice(0, -1),
    400,
    /^byte 0x20 is not allowed in the first place of a field/,
  )
  await assertRefused(`${line}X-Conf: a\r\n\t`, 400, /^byte 0x09 .* the first place of a field line$/)
  await assertRefused(`${line} X-Conf`.slice(0, 17), 400, /the first place of a field line$/)
  await assertRefused(`${line}Upgrade `, 400, /^byte 0x20 is not allowed in a field name$/)
  await assertRefused(`${line}X Conf: 1`, 400, /a field name$/)
  await assertRefused(`${line}: value`, 400, /^byte 0x3a .* the first place of a field line$/)
  await assertRefused(`${line}garbage\r`, 400, /^byte 0x0d is not allowed in a field name$/)
  await assertRefused(`${line}X-Conf: a\0`, 400, /^byte 0x00 is not allowed in a field value$/)
  await assertRefused(`${line}X-Conf: a\x01`, 400, /a field value$/)
  await assertRefused(`${line}X-Conf: a\rb`, 400, /^byte 0x62 is not allowed in a line end$/)
  await assertRefused(`${line}X-Conf: a\n`, 400, /^byte 0x0a is not allowed in a field value$/)
  await assertRefused(`${line}X\x01Conf`, 400, /^byte 0x01 is not allowed in a field name$/)
  await assertRefused('GET / HTTP/1.1\n', 400, /^byte 0x0a is not allowed in the HTTP version$/)
  await assertRefused(`${line}\rX`, 400, /a line end$/)
  await assertRefused('GET / HTTP/1.1\rX', 400, /a line end$/)
})

test('hs.syntax.tls-on-plain: refuses a TLS greeting at its first byte', async () => {
  await assertRefused('\x16', 400, /^byte 0x16 is not allowed in the method$/)
})

test('S-19: accepts a head of the largest size and refuses one byte more', async () => {
  const head = (size: number) => `GET / HTTP/1.1\r\nA: ${'x'.repeat(size - 23)}\r\n\r\n`
  for (const [maxSize, limits] of [[16_384, undefined] as const, [100, { maxSize: 100 }] as const]) {
    assert.is(parse(head(maxSize), [], limits)?.end, maxSize)
    assert.is(parse(head(maxSize), everyByte(head(maxSize)), limits)?.end, maxSize)
    assert.is(parse(`${head(maxSize)}more`, [], limits)?.end, maxSize)
    await assertRefused(head(maxSize + 1), 431, new RegExp(`^request head of more than ${maxSize} bytes$`), limits)
  }
})

test('hs.limit.endless-line: refuses a request line that never ends with 414', async () => {
  await assertRefused(`GET /${'a'.repeat(20_000)}`, 414, /^request line of more than 16384 bytes$/)
  await assertRefused('G'.repeat(20_000), 414, /^request line/)
})

test('hs.limit.endless-fields: refuses fields that never end with 431', async () => {
  await assertRefused(`GET / HTTP/1.1\r\n${'X-n: v\r\n'.repeat(5000)}`, 431, /^request head of more than/)
  await assertRefused(`GET / HTTP/1.1\r\n${'x'.repeat(20_000)}`, 431, /^request head of more than 16384 bytes$/)
})

test('S-05: refuses more fields than are allowed', async () => {
  const head = (count: number) => `GET / HTTP/1.1\r\n${'a:\r\n'.repeat(count)}\r\n`
  assert.is(parse(head(1000))?.rawHeaders.length, 2000)
  await assertRefused(head(1001), 431, /^request head of more than 1000 fields$/)
  await assertRefused(head(3), 431, /more than 2 fields/, { maxFieldCount: 2 })
})

test('accepts nothing more after a failure or a head', async () => {
  for (const first of ['G\0', 'x'.repeat(20_000), H0]) {
    const parser = new RequestHeadParser()
    const push = (text: string) => parser.push(Buffer.from(text, 'latin1'), 0, text.length)
    await Promise.resolve(first)
      .then(push)
      .catch(() => null)
    assert.match((await thrownBy(() => push('G'))).message, /^byte 0x47 is not allowed in the bytes behind an end$/)
  }
})

test('S-03: treats names of object members as plain names', () => {
  const names = ['constructor', '__proto__', 'toString']
  const text = `GET / HTTP/1.1\r\n${names.map((name) => `${name}: ${name}\r\n`).join('')}\r\n`
  assert.equal(
    parse(text)?.rawHeaders,
    names.flatMap((name) => [name, name]),
  )
})

/** The grammar of a head as one expression, and the parts it finds: the slow obvious twin of the parser's table. */
function parseByExpression(text: string): Omit<RequestHead, 'end'> | null {
  const name = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
  const head = new RegExp(
    `^(?:\r\n)?(${name}) ([\\x21-\\x7e\\x80-\\xff]+) HTTP/([0-9]\\.[0-9])\r\n((?:${name}:[\t\\x20-\\x7e\\x80-\\xff]*\r\n)*)\r\n`,
  ).exec(text)
  if (head === null || !head[3].startsWith('1')) return null
  const lines = head[4].split('\r\n').slice(0, -1)
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
  })
  return { method: head[1], url: head[2], httpVersion: head[3], rawHeaders }
}

test('agrees with the grammar written as one expression on 20,000 damaged heads, however they are cut', () => {
  const pieces = [
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    ':',
    '\0',
    '\x7f',
    '\x80',
    '\u00ff',
    'H',
    '/',
    '.',
    '1',
    '#',
    '(',
    'x',
    '',
  ]
  const damage = fc.record({ at: fc.nat(), piece: fc.constantFrom(...pieces), removed: fc.nat(2) })
  const damages = fc.array(damage, { minLength: 1, maxLength: 3 })
  let accepted = 0
  const agrees = fc.property(damages, fc.option(fc.nat()), (damages, split) => {
    const text = damages.reduce((text, { at, piece, removed }) => {
      const position = at % text.length
      return text.slice(0, position) + piece + text.slice(position + removed)
    }, H0)
    let found: RequestHead | null = null
    try {
      found = parse(text, split === null ? [text.length] : [split % text.length, text.length])
    } catch (error) {
      assert.is((error as Error).name, 'HandshakeError')
    }
    const expected = parseByExpression(text)
    if (expected === null) assert.is(found, null)
    else assert.equal(found, { ...expected, end: found?.end })
    if (found !== null) accepted++
  })
  fc.assert(agrees, { seed: 26, numRuns: 20_000 })
  assert.ok(accepted > 2000 && accepted < 18_000, `${accepted} accepted`)
})

test('S-26: reads 64 KiB byte by byte in linear time', () => {
  const text = (size: number) => `GET / HTTP/1.1\r\nA: ${'x'.repeat(size - 23)}\r\n\r\n`
  const dribble = (size: number) => {
    const bytes = Buffer.from(text(size), 'latin1')
    return cpuMilliseconds(() => {
      const parser = new RequestHeadParser({ maxSize: size })
      for (let i = 0; i < size - 1; i++) assert.is(parser.push(bytes, i, i + 1), null)
      assert.is(parser.push(bytes, size - 1, size)?.end, size)
    })
  }
  // Eight times the bytes: 8 when linear, 64 when every push begins anew.
  const [small, large] = [dribble(65_536), dribble(8 * 65_536)]
  assert.ok(large < 24 * small, `${small} ms against ${large} ms`)
})
