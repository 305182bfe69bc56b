import { cutFrame } from '../../../src/conformance/script/fragments.ts'
import { Op } from '../../../src/conformance/wire/frame.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/script/fragments')

function cut(text: string, size: number): string[] {
  return cutFrame({ opcode: Op.TEXT, rsv: 4, payload: Buffer.from(text) }, size).map(
    ({ opcode, rsv = 0, fin = true, payload }) => [opcode, rsv, fin ? 'fin' : 'more', payload].join(' '),
  )
}

test('cuts a frame into fragments, with RSV1 on the first', () => {
  assert.equal(cut('abcdefgh', 3), ['1 4 more abc', '0 0 more def', '0 0 fin gh'])
})

test('ends an exact multiple of the size in an empty fragment, as Autobahn does', () => {
  assert.equal(cut('abcdef', 3), ['1 4 more abc', '0 0 more def', '0 0 fin '])
})

test('leaves a payload of one fragment whole', () => {
  assert.equal(cut('abc', 3), ['1 4 fin abc'])
  assert.equal(cut('', 3), ['1 4 fin '])
  assert.equal(cut('abc', Number.POSITIVE_INFINITY), ['1 4 fin abc'])
})
