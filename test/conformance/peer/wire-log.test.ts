import { WireLog } from '../../../src/conformance/peer/wire-log.ts'
import type { WireEvent } from '../../../src/conformance/result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/peer/wire-log')

test('records direction, kind, text and bytes in order', () => {
  const log = new WireLog()
  log.out('frame', 'ping fin 0', Buffer.from('8900', 'hex'))
  log.in('frame', 'pong fin 1', Buffer.from('8a01', 'hex'), Buffer.from('61', 'hex'))
  log.in('fin', 'FIN')
  assert.equal(
    log.events().map(({ t: _t, ...event }) => event),
    [
      { dir: 'out', kind: 'frame', text: 'ping fin 0', hex: '8900' },
      { dir: 'in', kind: 'frame', text: 'pong fin 1', hex: '8a0161' },
      { dir: 'in', kind: 'fin', text: 'FIN' },
    ],
  )
})

test('cuts the bytes of an event to 256 and says how many there were', () => {
  const log = new WireLog()
  log.in('frame', 'x', Buffer.alloc(4), Buffer.alloc(1000))
  const [event] = log.events()
  assert.equal([event.hex?.length, event.size], [512, 1004])
})

test('retains the first and the last events of many', () => {
  const log = new WireLog()
  for (let index = 0; index < 1000; index++) log.in('frame', String(index))
  const texts = log.events().map(({ text }) => text)
  assert.is(texts.length, 81)
  assert.equal([texts[0], texts[40], texts.at(-1)], ['0', '920 events omitted', '999'])
})

test('reports each event as it happens', () => {
  const reported: WireEvent[] = []
  const log = new WireLog((event) => reported.push(event))
  log.out('fin', 'FIN')
  assert.is(reported.length, 1)
})
