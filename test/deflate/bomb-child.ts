import { constants, createDeflateRaw } from 'node:zlib'
import { inflate, makeCodec } from './message.ts'

/**
 * Measures, in a separate process, how much memory outside the JavaScript heap a bomb of 300 MB needs. Prints a line of
 * JSON. Resident memory would also depend on how much freed memory the allocator keeps.
 */
const limit = Number(process.argv[2])
const mib = 1024 * 1024

/** Compresses 300 MB of zeros to a thousandth of that size. */
async function makeBomb(): Promise<Buffer> {
  const stream = createDeflateRaw()
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  const zeros = Buffer.alloc(1_000_000)
  for (let count = 0; count < 300; count++) {
    await new Promise<void>((resolve) => stream.write(zeros, () => resolve()))
  }
  await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()))
  return Buffer.concat(chunks).subarray(0, -4)
}

async function outcomeOf(payload: Buffer): Promise<number> {
  const codec = makeCodec()
  try {
    return (await inflate(codec, payload, limit)).length
  } catch (error) {
    return (error as { closeCode: number }).closeCode
  } finally {
    codec.release()
  }
}

async function main(): Promise<void> {
  const bomb = await makeBomb()
  // Warms up the code with the first 2 MB of the bomb, so that only the bomb itself is measured.
  await outcomeOf(bomb.subarray(0, 2000))
  // V8 frees buffers only some time after it has found them unused.
  for (let count = 0; count < 3; count++) {
    globalThis.gc?.()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const before = process.memoryUsage().external
  let peak = before
  const sample = (): void => {
    peak = Math.max(peak, process.memoryUsage().external)
  }
  const sampler = setInterval(sample)
  const outcome = await outcomeOf(bomb)
  clearInterval(sampler)
  sample()
  console.log(JSON.stringify({ outcome, bomb: bomb.length, growth: (peak - before) / mib }))
}

main()
