import {
  addMemoryLimiter,
  type MemoryStore,
  releaseSharedMemory,
  removeMemoryLimiter,
  setMemoryUsed,
  sharedMemoryUsed,
} from '../../src/connection/shared-memory.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('shared memory')

// What rooms of other files in this process still store would count here.
releaseSharedMemory(Number.MAX_SAFE_INTEGER)

/** Makes a store that frees the requested number of bytes, but keeps at least `least` bytes. */
function makeStore(least = 0): MemoryStore & { bytes: number; asked: number[]; use(bytes: number): void } {
  return {
    bytes: 0,
    asked: [],
    use(bytes) {
      this.bytes = bytes
      setMemoryUsed(this, bytes)
    },
    releaseMemory(bytes) {
      this.asked.push(bytes)
      this.use(Math.max(least, this.bytes - bytes))
    },
  }
}

/** More than the kilobytes of stores that other tests have left behind. */
const MEBIBYTE = 1024 * 1024

test('adds up what the stores use', () => {
  const before = sharedMemoryUsed()
  const [a, b] = [makeStore(), makeStore()]
  a.use(100)
  b.use(50)
  a.use(30)
  assert.is(sharedMemoryUsed() - before, 80)
  a.use(0)
  b.use(0)
  assert.is(sharedMemoryUsed(), before)
})

test('calls the limiters when the stores grow, and only then', () => {
  const store = makeStore()
  let calls = 0
  const limiter = { onSharedMemoryGrown: () => void calls++ }
  addMemoryLimiter(limiter)
  for (const bytes of [1, 1, 5, 3, 4]) store.use(bytes)
  assert.is(calls, 3)
  removeMemoryLimiter(limiter)
  store.use(9)
  store.use(0)
  assert.is(calls, 3)
})

test('asks the largest store first, for no more than is needed, and continues when one cannot free enough', () => {
  const [small, large, stuck] = [makeStore(), makeStore(), makeStore(300 * MEBIBYTE)]
  const before = sharedMemoryUsed()
  small.use(100 * MEBIBYTE)
  large.use(200 * MEBIBYTE)
  stuck.use(300 * MEBIBYTE)
  releaseSharedMemory(250 * MEBIBYTE)
  const asked = [stuck, large, small].map((store) => store.asked.map((bytes) => bytes / MEBIBYTE))
  assert.equal(asked, [[250], [200], [50]])
  assert.is(sharedMemoryUsed() - before, 350 * MEBIBYTE)
  releaseSharedMemory(0)
  assert.is(small.asked.length, 1)
  for (const store of [small, large, stuck]) store.use(0)
})
