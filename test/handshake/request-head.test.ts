import { type RequestHead, RequestHeadParser } from '../../src/handshake/request-head.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'
import { assertRefused, everyByte, H0, PARSED, parse } from './parse-head.ts'

const test = suite('request-head')

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

test('hs.ok.split-everywhere: parses a request head split at every place', () => {
  for (let cut = 1; cut < H0.length; cut++)
    assert.equal(parse(H0, [cut]), { ...PARSED, end: H0.length }, `cut at ${cut}`)
})

test('parses a request head split at every two places', () => {
  const text = 'GET / HTTP/1.1\r\nA: b\r\n\r\n'
  const whole = parse(text)
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) assert.equal(parse(text, [first, second]), whole)
  }
})

test('hs.ok.dribble: parses a head byte by byte', () => {
  assert.equal(parse(H0, everyByte(H0)), { ...PARSED, end: H0.length })
})

test('hs.ok.frame-with-request: returns where the request head ends when more bytes follow', () => {
  assert.is(parse(`${H0}\x81\x85`)?.end, H0.length)
  assert.is(parse(`${H0}${H0}`, [H0.length - 1])?.end, H0.length)
})

test('reads a range of a larger window and does not change the rest', () => {
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

test('S-19: accepts a head of the largest size and refuses one byte more', async () => {
  const head = (size: number) => `GET / HTTP/1.1\r\nA: ${'x'.repeat(size - 23)}\r\n\r\n`
  for (const [maxSize, limits] of [[16_384, undefined] as const, [100, { maxSize: 100 }] as const]) {
    assert.is(parse(head(maxSize), [], limits)?.end, maxSize)
    assert.is(parse(head(maxSize), everyByte(head(maxSize)), limits)?.end, maxSize)
    assert.is(parse(`${head(maxSize)}more`, [], limits)?.end, maxSize)
    await assertRefused(head(maxSize + 1), 431, new RegExp(`^request head has more than ${maxSize} bytes$`), limits)
  }
})

test('hs.limit.endless-line: refuses a request line that never ends with 414', async () => {
  await assertRefused(`GET /${'a'.repeat(20_000)}`, 414, /^request line has more than 16384 bytes$/)
  await assertRefused('G'.repeat(20_000), 414, /^request line/)
})

test('hs.limit.endless-fields: refuses fields that never end with 431', async () => {
  await assertRefused(`GET / HTTP/1.1\r\n${'X-n: v\r\n'.repeat(5000)}`, 431, /^request head has more than/)
  await assertRefused(`GET / HTTP/1.1\r\n${'x'.repeat(20_000)}`, 431, /^request head has more than 16384 bytes$/)
})

test('S-05: refuses more fields than are allowed', async () => {
  const head = (count: number) => `GET / HTTP/1.1\r\n${'a:\r\n'.repeat(count)}\r\n`
  assert.is(parse(head(1000))?.rawHeaders.length, 2000)
  await assertRefused(head(1001), 431, /^request head has more than 1000 fields$/)
  await assertRefused(head(3), 431, /more than 2 fields/, { maxFieldCount: 2 })
})

test('accepts nothing more after a failure or a head', async () => {
  for (const first of ['G\0', 'x'.repeat(20_000), H0]) {
    const parser = new RequestHeadParser()
    const push = (text: string) => parser.push(Buffer.from(text, 'latin1'), 0, text.length)
    await Promise.resolve(first)
      .then(push)
      .catch(() => null)
    assert.match((await thrownBy(() => push('G'))).message, /^byte 0x47 is not allowed after the request head$/)
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
  // With eight times as many bytes, the time grows 8 times when linear, 64 times when every push starts again.
  const [small, large] = [dribble(65_536), dribble(8 * 65_536)]
  assert.ok(large < 24 * small, `${small} ms against ${large} ms`)
})
