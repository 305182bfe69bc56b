import { isUtf8 } from 'node:buffer'
import { KINDS, makePayload, uploadReceipt } from '../../../bench/wire/payload.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench wire payload')

for (const kind of KINDS) {
  test(`makes ${kind} of exactly the size, the same in every run, another for another seed`, () => {
    for (const size of [0, 1, 2, 3, 7, 125, 126, 1024, 16_384]) {
      const payload = makePayload(kind, size, 1)
      assert.is(payload.length, size)
      assert.ok(payload.equals(makePayload(kind, size, 1)))
      if (kind !== 'binary') assert.ok(isUtf8(payload))
    }
    assert.not(makePayload(kind, 1024, 1).equals(makePayload(kind, 1024, 2)))
  })
}

test('makes JSON that can be parsed', () => {
  assert.ok(JSON.parse(makePayload('json', 1024, 1).toString()).messages.length > 3)
})

test('makes CJK text of three bytes a character', () => {
  assert.is(makePayload('cjk', 300, 1).toString().length, 100)
})

test('acknowledges bytes of binary and UTF-16 units of text', () => {
  assert.is(uploadReceipt('binary', makePayload('binary', 300, 1)), '300')
  assert.is(uploadReceipt('cjk', makePayload('cjk', 300, 1)), '100')
})
