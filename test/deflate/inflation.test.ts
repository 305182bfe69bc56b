import type { ProtocolError } from '../../src/core/errors.ts'
import { Inflation } from '../../src/deflate/inflation.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { hex } from '../support/wire.ts'

const test = suite('inflation')
const none = Buffer.alloc(0)

/** Makes an inflation whose stream has read all of `payload` and of the ending, and has returned `message`. */
function finished(message: Buffer, tail?: Buffer): { inflation: Inflation; output: Buffer } {
  const payload = Buffer.from('not looked at')
  const inflation = new Inflation(payload, none)
  const padding = inflation.ending.subarray(4, 4 + inflation.padding)
  const output = Buffer.concat([message, tail ?? padding])
  inflation.length = output.length
  assert.ok(inflation.finishPass(payload.length + inflation.ending.length))
  return { inflation, output }
}

test('reads a message that ends like a sync flush in one pass', () => {
  for (const end of ['0000ffff', '00000000ffff', '0000ffff010000ffff', '0100feff00010000ffff']) {
    for (let round = 0; round < 100; round++) {
      const message = Buffer.concat([Buffer.from('text'), hex(end)])
      const { inflation, output } = finished(message)
      assert.is(inflation.makeProof(output), null)
      assert.ok(inflation.messageIn(output).equals(message))
    }
  }
})

test('needs a second pass for few messages, whatever ending a sender appends', () => {
  const size = 64
  const { ending } = endingOf(size)
  const message = Buffer.concat([Buffer.from('text'), ending.subarray(0, 4 + size)])
  let doubts = 0
  for (let round = 0; round < 640; round++) {
    const { inflation, output } = finished(message)
    assert.ok(inflation.messageIn(output).equals(message))
    if (inflation.makeProof(output) !== null) doubts++
  }
  assert.ok(doubts < 160, `${doubts} of 640`)
})

test('doubts a message that may be a stored block with the ending as its content, and uses another one then', () => {
  const { inflation } = finished(Buffer.from('text'))
  const stored = inflation.ending.subarray(0, 4 + inflation.padding)
  const proof = inflation.makeProof(Buffer.concat([Buffer.from('text'), stored]))
  assert.is.not(proof?.padding, inflation.padding)
  assert.is(proof?.rest.length, 'not looked at'.length)
})

test('fails with 1007 when the output does not end with the padding', async () => {
  const { inflation, output } = finished(Buffer.from('text'), Buffer.alloc(200, 'x'))
  assert.is(((await thrownBy(() => inflation.messageIn(output))) as ProtocolError).closeCode, 1007)
})

function endingOf(size: number): Inflation {
  for (;;) {
    const inflation = new Inflation(none, none)
    if (inflation.padding === size) return inflation
  }
}
