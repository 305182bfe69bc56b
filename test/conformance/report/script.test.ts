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
  const opened = Array.from({ length: 61 }, (_, index) => event('open', '', 0, index))
  const noise = Array.from({ length: 60_000 }, (_, index) => String.fromCharCode((index * index * 7919) % 251)).join('')
  assert.throws(() => format([]), /the case sends nothing/)
  assert.throws(() => format(opened), /62 steps; at most 60/)
  assert.throws(() => format([event('open'), event('sent', noise.replace(/(.)\1+/g, '$1'))]), /characters; at most/)
})
