import { FrameWatch } from '../../../src/conformance/peer/frame-watch.ts'
import { Ledger } from '../../../src/conformance/peer/ledger.ts'
import { FrameReader } from '../../../src/conformance/wire/frame.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/peer/frame-watch')

const RULES = [
  'inv.frame-grammar',
  'inv.not-masked',
  'inv.shortest-length',
  'inv.rsv',
  'inv.control',
  'inv.message-order',
  'inv.text-utf8',
  'inv.after-close',
  'close.once',
  'inv.close-code',
]

/** Returns the rules that the frames of this stream violate. */
function broken(stream: string, deflate = false): string[] {
  const ledger = new Ledger()
  const watch = new FrameWatch(ledger, 'a.case')
  watch.deflate = deflate
  const reader = new FrameReader()
  for (const frame of reader.push(Buffer.from(stream.replaceAll(' ', ''), 'hex'))) watch.onFrame(frame)
  watch.onEnd(reader.pending, true)
  return RULES.filter((rule) => ledger.breachesOf(rule).length > 0)
}

test('good traffic breaks nothing', () => {
  assert.equal(broken('8105 48656c6c6f 0101 61 8900 8001 62 8202 00ff 8a00 8802 03e8'), [])
  assert.equal(broken('8800'), [])
  assert.equal(broken('8800 8900 8a00'), [])
  assert.equal(broken('c101 00 4101 00 8000', true), [])
})

test('each rule is broken by what it forbids', () => {
  assert.equal(broken('8300'), ['inv.frame-grammar'])
  assert.equal(broken('8105 48'), ['inv.frame-grammar'])
  assert.equal(broken('8180 01020304'), ['inv.not-masked'])
  assert.equal(broken('817e 0001 61'), ['inv.shortest-length'])
  assert.equal(broken('817f 0000000000000001 61'), ['inv.shortest-length'])
  assert.equal(broken('c101 61'), ['inv.rsv'])
  assert.equal(broken('a100'), ['inv.rsv'])
  assert.equal(broken(`897e 007e ${'00'.repeat(126)}`), ['inv.control'])
  assert.equal(broken('0900'), ['inv.control'])
  assert.equal(broken('8000'), ['inv.message-order'])
  assert.equal(broken('0100 8100'), ['inv.message-order'])
  assert.equal(broken('8101 ff'), ['inv.text-utf8'])
  assert.equal(broken('0101 c3 8001 28'), ['inv.text-utf8'])
  assert.equal(broken('8800 8100'), ['inv.after-close'])
  assert.equal(broken('8800 8800'), ['close.once'])
  assert.equal(broken('8801 03'), ['inv.close-code'])
  assert.equal(broken('8802 03ed'), ['inv.close-code'])
  assert.equal(broken('8803 03e8 ff'), ['inv.close-code'])
})

test('with permessage-deflate RSV1 stays forbidden on control and continuation frames', () => {
  assert.equal(broken('c900', true), ['inv.rsv'])
  assert.equal(broken('4100 c000', true), ['inv.rsv'])
})

test('a text may be cut inside a character', () => {
  assert.equal(broken('0101 c3 8001 a4'), [])
})

test('1010 is the code of clients: a server may only give it back', () => {
  const judge = (sent: number | null): number => {
    const ledger = new Ledger()
    const watch = new FrameWatch(ledger, 'a.case')
    if (sent !== null) watch.closes.add(sent)
    for (const frame of new FrameReader().push(Buffer.from('880203f2', 'hex'))) watch.onFrame(frame)
    return ledger.breachesOf('close.server-never-1010').length
  }
  assert.equal([judge(null), judge(1000), judge(1010)], [1, 1, 0])
})

test('a Close that is fragmented, masked or too long has the wrong shape', () => {
  for (const bytes of ['080203e8', '888201020304 02ea', `887e007e03e8${'61'.repeat(124)}`]) {
    const ledger = new Ledger()
    const watch = new FrameWatch(ledger, 'a.case')
    for (const frame of new FrameReader().push(Buffer.from(bytes.replaceAll(' ', ''), 'hex'))) watch.onFrame(frame)
    assert.is(ledger.breachesOf('close.reply-shape').length, 1)
  }
})

test('nothing is recorded once the checks of a connection have ended', () => {
  const ledger = new Ledger()
  const watch = new FrameWatch(ledger, 'a.case')
  watch.end()
  watch.onBareEnd()
  watch.onEnd(Buffer.from('HTTP/1.1 400'), true)
  assert.equal(
    RULES.flatMap((rule) => ledger.breachesOf(rule)),
    [],
  )
})
