import { LineSplitter } from '../../../src/cli/demo/line-splitter.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('line splitter')

const TEXT = 'Grüße\r\n\n日本語 👋 end\nthe rest ß'

test('the lines do not depend on the chunks', () => {
  const bytes = Buffer.from(TEXT)
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const splitter = new LineSplitter(100)
      const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
      assert.equal(
        parts.flatMap((part) => splitter.push(part)),
        ['Grüße', '', '日本語 👋 end'],
      )
      assert.is(splitter.rest, 'the rest ß')
    }
  }
})

test('an incomplete character is not in the rest', () => {
  const splitter = new LineSplitter(100)
  const bytes = Buffer.from('a👋')
  splitter.push(bytes.subarray(0, 3))
  assert.is(splitter.rest, 'a')
  splitter.push(bytes.subarray(3))
  assert.is(splitter.rest, 'a👋')
})

test('a line of the maximum length is complete, a longer one is truncated with an ellipsis, and the next is separate', () => {
  for (const chunkLength of [1, 3, 100]) {
    const splitter = new LineSplitter(5)
    const bytes = Buffer.from('12345\n123456789\n12\n')
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += chunkLength) {
      lines.push(...splitter.push(bytes.subarray(at, at + chunkLength)))
      assert.ok(splitter.rest.length <= 6)
    }
    assert.equal(lines, ['12345', '12345…', '12'])
  }
})

test('truncation never splits a surrogate pair', () => {
  const splitter = new LineSplitter(3)
  assert.equal(splitter.push(Buffer.from('👋👋👋\n')), ['👋…'])
})

test('invalid UTF-8 becomes replacement characters and ends no line', () => {
  const splitter = new LineSplitter(100)
  assert.equal(splitter.push(Buffer.from([0x61, 0xff, 0x0a, 0xc3, 0x0a])), ['a\ufffd', '\ufffd'])
})

test('the end returns the incomplete last line, and drops half a character', () => {
  const splitter = new LineSplitter(100)
  splitter.push(Buffer.from([0x61, 0xe6, 0x97]))
  assert.is(splitter.end(), 'a\ufffd')
  assert.is(splitter.end(), null)
  assert.equal(splitter.push(Buffer.from('b\n')), ['b'])
})

test('a skipped line is ignored up to its end, the next is complete', () => {
  const splitter = new LineSplitter(100)
  splitter.skipLine()
  assert.equal(splitter.push(Buffer.from('half of')), [])
  assert.is(splitter.rest, '')
  assert.equal(splitter.push(Buffer.from(' a line\nwhole\n')), ['whole'])
})
