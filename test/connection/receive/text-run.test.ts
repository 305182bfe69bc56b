import { TextRun } from '../../../src/connection/receive/text-run.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('text run')

/** Makes texts of these lengths with headers of 6 bytes that are not ASCII, and their run. */
function make(lengths: readonly number[]) {
  const ranges: [number, number][] = []
  const parts: Buffer[] = []
  let at = 0
  for (const [index, length] of lengths.entries()) {
    parts.push(Buffer.from([0x81, 0x80 | length, 0, 0, 0, 0]), Buffer.alloc(length, 97 + (index % 26)))
    ranges.push([at + 6, at + 6 + length])
    at += 6 + length
  }
  const window = Buffer.concat(parts)
  return { ranges, run: { window, end: window.length, generation: 0 } }
}

test('decodes each text of a run, including empty ones, long ones and those after the first piece', () => {
  const lengths = [5, 0, 256, 257, 1, ...Array.from({ length: 200 }, (_, i) => i % 40)]
  const { ranges, run } = make(lengths)
  const texts = new TextRun(run)
  for (const [index, [start, end]] of ranges.entries()) {
    const expected = String.fromCharCode(97 + (index % 26)).repeat(lengths[index])
    assert.is(texts.decode(run.window, start, end, true), expected, `text ${index}`)
  }
})

test('decodes the next run again', () => {
  const { ranges, run } = make([3, 3])
  const texts = new TextRun(run)
  const [[start, end]] = ranges
  assert.is(texts.decode(run.window, start, end, true), 'aaa')
  run.window.fill('z', start, end)
  run.generation++
  assert.is(texts.decode(run.window, start, end, true), 'zzz')
})

test('decodes texts separately that are not ASCII, not in the run or not in its window', () => {
  const { run } = make([4, 4])
  const texts = new TextRun(run)
  run.window.write('grün', 6)
  assert.is(texts.decode(run.window, 6, 11, false), 'grün')
  assert.is(texts.decode(Buffer.from('elsewhere'), 0, 4, true), 'else')
  run.end = 0
  run.window.write('some', 6)
  assert.is(texts.decode(run.window, 6, 10, true), 'some')
  run.window.write('more', 6)
  assert.is(texts.decode(run.window, 6, 10, true), 'more')
})
