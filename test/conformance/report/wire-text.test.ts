import { decisiveEvents, formatEvent, formatHex } from '../../../src/conformance/report/wire-text.ts'
import type { WireEvent } from '../../../src/conformance/result.ts'
import { buildWire } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/wire-text')

test('shows the last thing sent before the closing and what followed', () => {
  assert.equal(
    decisiveEvents(buildWire('x')).map(({ text }) => text),
    ['binary fin masked 64', 'close fin masked 2', 'close fin 2', 'fin'],
  )
})

test('shows the Close itself when nothing else was sent', () => {
  const wire: WireEvent[] = [
    { t: 0, dir: 'out', kind: 'frame', text: 'close fin masked 2', hex: '8882' },
    { t: 1, dir: 'in', kind: 'frame', text: 'close fin 2', hex: '8802' },
  ]
  assert.equal(decisiveEvents(wire), wire)
})

test('shows the end of the log when nothing was sent', () => {
  const wire: WireEvent[] = [{ t: 0, dir: 'in', kind: 'rst', text: 'rst' }]
  assert.equal(decisiveEvents(wire), wire)
})

test('writes hex in pairs and says when bytes are left out', () => {
  assert.is(formatHex('81 05 4865', 4), '81 05 48 65')
  assert.is(formatHex('8105486565', 4), '81 05 48 65 …')
})

test('writes an HTTP head as one line', () => {
  const event: WireEvent = { t: 0, dir: 'out', kind: 'http', text: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' }
  assert.is(formatEvent(event, 80), '->    0.0 ms  GET / HTTP/1.1; Host: a')
})

test('writes an event as one line within the width', () => {
  const event: WireEvent = { t: 1.44, dir: 'in', kind: 'frame', text: 'text fin 5', hex: '810548656c6c6f', size: 900 }
  assert.is(formatEvent(event, 80), '<-    1.4 ms  text fin 5 (900 bytes)  81 05 48 65 6c 6c 6f')
  assert.is(formatEvent(event, 20).length, 20)
})
