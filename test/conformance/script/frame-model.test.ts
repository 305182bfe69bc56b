import { predict } from '../../../src/conformance/script/frame-model.ts'
import { hex } from '../../../src/conformance/wire/bytes.ts'
import { encodeFrame, FrameReader, type FrameSpec, Op } from '../../../src/conformance/wire/frame.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/script/frame-model')

function predictSpecs(...specs: FrameSpec[]) {
  const { replies, end } = predict(
    new FrameReader().push(Buffer.concat(specs.map((spec) => encodeFrame(spec, () => hex('01020304'))))),
  )
  return { replies: replies.map(({ opcode, payload }) => [opcode, payload.toString()]), end }
}

test('predicts echoes and pongs in the order of what they answer', () => {
  const predicted = predictSpecs(
    { opcode: Op.TEXT, payload: 'a', fin: false },
    { opcode: Op.PING, payload: 'p' },
    { opcode: Op.PONG, payload: 'unasked' },
    { opcode: Op.CONT, payload: 'b' },
    { opcode: Op.BINARY, payload: 'c' },
  )
  assert.equal(predicted, {
    replies: [
      [Op.PONG, 'p'],
      [Op.TEXT, 'ab'],
      [Op.BINARY, 'c'],
    ],
    end: 'open',
  })
})

const FAULTS: Record<string, FrameSpec> = {
  'an unmasked frame': { opcode: Op.TEXT, mask: false },
  'a reserved bit': { opcode: Op.TEXT, rsv: 4 },
  'a reserved opcode of data': { opcode: 3 },
  'a reserved opcode of control': { opcode: 11 },
  'a longer length form than needed': { opcode: Op.TEXT, payload: 'a', form: 16 },
  'a fragmented ping': { opcode: Op.PING, fin: false },
  'a ping of 126 bytes': { opcode: Op.PING, payload: 'a'.repeat(126) },
  'a continuation of nothing': { opcode: Op.CONT },
  'a Close of one byte': { opcode: Op.CLOSE, payload: hex('03') },
  'a Close with code 1005': { opcode: Op.CLOSE, payload: hex('03ed') },
}

for (const [name, frame] of Object.entries(FAULTS)) {
  test(`predicts 1002 for ${name}, and nothing after it`, () => {
    assert.equal(predictSpecs(frame, { opcode: Op.PING, payload: 'late' }), { replies: [], end: [1002] })
  })
}

test('predicts 1002 for a message inside a message', () => {
  const predicted = predictSpecs({ opcode: Op.BINARY, fin: false }, { opcode: Op.BINARY })
  assert.equal(predicted, { replies: [], end: [1002] })
})

test('predicts 1007 for a text and for a reason that is not UTF-8', () => {
  assert.equal(predictSpecs({ opcode: Op.TEXT, payload: hex('e282') }).end, [1007])
  assert.equal(predictSpecs({ opcode: Op.CLOSE, payload: hex('03e8ff') }).end, [1007])
})

test('accepts a code point that is cut by a fragment, and any binary', () => {
  const cut = predictSpecs(
    { opcode: Op.TEXT, payload: hex('e282'), fin: false },
    { opcode: Op.CONT, payload: hex('ac') },
    { opcode: Op.BINARY, payload: hex('ff') },
  )
  assert.is(cut.end, 'open')
  assert.is(cut.replies.length, 2)
})

test('leaves open when broken text is noticed before its end', () => {
  const broken: FrameSpec = { opcode: Op.TEXT, payload: hex('ff'), fin: false }
  assert.is(predictSpecs(broken).end, 'doubtful')
  assert.is(predictSpecs(broken, { opcode: Op.CLOSE }).end, 'doubtful')
  assert.equal(predictSpecs(broken, { opcode: 3 }).end, [1002, 1007])
  assert.equal(predictSpecs(broken, { opcode: Op.CONT }).end, [1007])
})

test('is closed after a legal Close', () => {
  assert.equal(predictSpecs({ opcode: Op.CLOSE, payload: hex('03e8') }, { opcode: 3 }), { replies: [], end: 'closed' })
})
