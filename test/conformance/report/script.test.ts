import { formatScript } from '../../../src/conformance/report/script.ts'
import type { RecordedEvent } from '../../../src/conformance/result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/script')

const SUBJECT = { id: 'a.b', title: 'A title', send: 'this', expect: 'that\nand that', rules: ['rule 1'] }

function event(kind: RecordedEvent['kind'], text = '', after = 0, connection = 0): RecordedEvent {
  return { connection, kind, after, bytes: Buffer.from(text, 'latin1') }
}

function steps(...events: RecordedEvent[]): string[] {
  const lines = format(events).trimEnd().split('\n')
  return lines.slice(
    lines.findIndex((line) => line.startsWith('const c0')),
    -1,
  )
}

function format(events: readonly RecordedEvent[]): string {
  return formatScript({ ...SUBJECT, host: '127.0.0.1', port: 9 }, events)
}

test('says the case in comments, one line each, with the answers that were recorded', () => {
  const code = format([event('open'), event('sent', '\x81\x80'), event('received', '\x88\x00'), event('fin-received')])
  assert.match(code, '// a.b: A title\n// sent: this\n// expected: that and that\n// rule 1\n')
  assert.match(code, '//   c0 < 2 bytes: 8800\n//   c0 < FIN\n')
})

test('waits for an answer where one was received, and at the end', () => {
  assert.equal(steps(event('open'), event('sent', 'GET /'), event('received', 'HTTP'), event('sent', '\x89\x80')), [
    "const c0 = open('c0')",
    "await send(c0, 'GET /')",
    'await answer(c0)',
    "await send(c0, hex('8980'))",
    'await answer(c0)',
  ])
})

test('writes pieces of one size as one step, a repetition with its count, and a pause', () => {
  const pieces = [event('sent', '\x01'), event('sent', '\x02', 3), event('sent', '\x03', 3)]
  assert.equal(steps(event('open'), ...pieces, event('sent', 'abcd'.repeat(20), 1000), event('fin-sent')), [
    "const c0 = open('c0')",
    "await send(c0, hex('010203'), 1)",
    'await sleep(1000)',
    "await send(c0, hex('61626364', 20))",
    'c0.end()',
    'await answer(c0)',
  ])
})

test('names the connections, and puts several steps on a line where there are many', () => {
  const opened = Array.from({ length: 12 }, (_, index) => event('open', '', 0, index))
  const lines = steps(...opened, event('sent', 'x', 0, 11), event('reset', '', 0, 11))
  assert.ok(lines.length <= 9)
  assert.match(lines.join('\n'), "const c11 = open('c11')")
  assert.match(lines.join('\n'), 'c11.resetAndDestroy()')
})

test('refuses what is too long, and what sends nothing', () => {
  const slow = Array.from({ length: 31 }, (_, index) => event('sent', 'x', 300 + index))
  let state = 1
  const noise = Array.from({ length: 400_000 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return String.fromCharCode(state >>> 24)
  })
  assert.throws(() => format([]), /the case sends nothing/)
  assert.throws(() => format([event('open'), ...slow]), /it has 63 steps; at most 60 fit/)
  assert.throws(() => format([event('open'), event('sent', noise.join(''))]), /characters; at most/)
})

test('repeats alike connections in a loop, and writes long bytes compressed and unmasked', () => {
  const alike = Array.from({ length: 30 }, (_, index) => [
    event('open', '', 0, index),
    event('sent', String.fromCharCode(index), 0, index),
    event('received', 'x', 0, index),
  ])
  const loop = format(alike.flat())
  assert.match(loop, /^for \(const \[v0, v1\] of \[\['c0', hex\('00'\)\], /m)
  assert.match(loop, '{ const c = open(v0); await send(c, v1); await answer(c) }')
  const frame = Buffer.from(`81fe2710${'01020304'}${'61'.repeat(10_000)}`, 'hex')
  for (const [at, byte] of frame.entries()) if (at >= 8) frame[at] = (byte + at * at) ^ frame[4 + (at % 4)]
  assert.match(format([event('open'), event('sent', frame.toString('latin1'))]), "masked('81fe271001020304', unpack('")
})

test('a connection that is used after others is opened outside of loops', () => {
  const opened = Array.from({ length: 40 }, (_, index) => event('open', '', 0, index))
  const sent = Array.from({ length: 40 }, (_, index) => event('sent', 'x', 0, index))
  assert.throws(() => format([...opened, ...sent]), /40 connections are open at once/)
})
