import { runInNewContext } from 'node:vm'
import { bytesOf } from '../../src/core/bytes.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('bytes')

test('returns the bytes of every view and buffer, of another realm too, without a copy', () => {
  const buffer = new ArrayBuffer(8)
  new Uint8Array(buffer).set([1, 2, 3, 4, 5, 6, 7, 8])
  for (const View of [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array]) {
    const bytes = bytesOf(new View(buffer, 4, 4 / View.BYTES_PER_ELEMENT))!
    assert.equal([...bytes], [5, 6, 7, 8], View.name)
    assert.is(bytes.buffer, buffer)
  }
  assert.equal([...bytesOf(new Float64Array(buffer))!], [1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal([...bytesOf(new DataView(buffer, 1, 2))!], [2, 3])
  assert.equal([...bytesOf(buffer)!], [1, 2, 3, 4, 5, 6, 7, 8])
  assert.equal([...bytesOf(new SharedArrayBuffer(2))!], [0, 0])
  for (const code of [
    'new Uint8Array([1, 2])',
    'new Uint8Array([1, 2]).buffer',
    'new DataView(new Uint8Array([1, 2]).buffer)',
  ])
    assert.equal([...bytesOf(runInNewContext(code))!], [1, 2], code)
})

test('returns null for everything else', () => {
  for (const value of [null, undefined, 1, 'text', {}, [1], new Date(), () => {}, new Blob(['x'])])
    assert.is(bytesOf(value), null)
})
