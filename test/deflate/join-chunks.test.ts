import { joinChunks } from '../../src/deflate/join-chunks.ts'
import { assert, suite } from '../support/unit.ts'
import { prose } from './message.ts'

const test = suite('deflate, join chunks')
const MIB = 1024 * 1024

const chunksOf = (message: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(message.length / size) }, (_, n) => message.subarray(n * size, (n + 1) * size))

test('joins chunks of any size', async () => {
  const message = prose(100_000)
  for (const size of [1, 999, 65_536, 100_000]) {
    const whole = await new Promise<Buffer | null>((done) =>
      joinChunks(chunksOf(message, size), 100_000, () => false, done),
    )
    assert.ok(whole?.equals(message))
  }
})

test('joins nothing to nothing', () => {
  joinChunks(
    [],
    0,
    () => false,
    (whole) => assert.is(whole?.length, 0),
  )
})

test('other callbacks run between the steps of a long message', async () => {
  const message = Buffer.alloc(8 * MIB, 'x')
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await new Promise<void>((resolve) =>
    joinChunks(
      chunksOf(message, 65_536),
      message.length,
      () => isDone,
      () => resolve(),
    ),
  )
  isDone = true
  assert.ok(turns >= 6, `only ${turns} turns`)
})

test('does not continue after it is stopped', async () => {
  let isStopped = false
  joinChunks(
    chunksOf(Buffer.alloc(4 * MIB), MIB),
    4 * MIB,
    () => isStopped,
    () => assert.unreachable('done'),
  )
  isStopped = true
  for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate)
})

test('reports that there is not enough memory', () => {
  joinChunks(
    [],
    Number.MAX_SAFE_INTEGER,
    () => false,
    (whole) => assert.is(whole, null),
  )
})
