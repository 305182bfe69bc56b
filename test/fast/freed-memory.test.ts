import { isFastEnabled } from '../../src/fast/enabled.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('freed memory')
const MIB = 1024 * 1024
/** A second instance of the module, because other tests of this process may have counted messages already. */
const SECOND = '../../src/fast/freed-memory.ts?second'

test('allocates one large block after 64 MiB of messages, unless the fast code is turned off', async (t) => {
  const { countCopied } = (await import(SECOND)) as typeof import('../../src/fast/freed-memory.ts')
  const sizes: number[] = []
  const { allocUnsafeSlow } = Buffer
  t.after(() => {
    Buffer.allocUnsafeSlow = allocUnsafeSlow
  })
  Buffer.allocUnsafeSlow = (size) => {
    sizes.push(size)
    return allocUnsafeSlow(1)
  }
  for (let i = 0; i < 64; i++) countCopied(MIB)
  assert.equal(sizes, [])
  for (let i = 0; i < 64; i++) countCopied(MIB)
  assert.equal(sizes, isFastEnabled ? [24 * MIB] : [])
})
