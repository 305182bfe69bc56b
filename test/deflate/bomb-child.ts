import { constants, createDeflateRaw } from 'node:zlib'
import { inflate, makeCodec } from './message.ts'

/** Measures, in a separate process, the effect of a bomb of 300 MB on the resident memory. Prints a line of JSON. */
const limit = Number(process.argv[2])
const mib = 1024 * 1024

/** Compresses 300 MB of zeros to a thousandth of that size. */
async function makeBomb(): Promise<Buffer> {
  const stream = createDeflateRaw()
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  for (let count = 0; count < 300; count++) {
    await new Promise<void>((resolve) => stream.write(Buffer.alloc(1_000_000), () => resolve()))
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
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let peak = before
  let isDone = false
  const sample = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss())
    if (!isDone) setImmediate(sample)
  }
  sample()
  const outcome = await outcomeOf(bomb)
  sample()
  isDone = true
  console.log(JSON.stringify({ outcome, bomb: bomb.length, growth: (peak - before) / mib }))
}

main()
