import { inflateRawSync } from 'node:zlib'
import { inflateShort } from '../fast/short-inflate.ts'
import { asProtocolError, cutShort, Inflation, tooLong } from './inflation.ts'

/** Maximum number of blocks with BFINAL 1 that are inflated without the thread pool. */
const FEW_FINAL_BLOCKS = 8

const SMALLEST_CHUNK = 2048
const LARGEST_CHUNK = 65_536

interface SyncPass {
  buffer: Buffer
  engine: { bytesWritten: number }
}

/**
 * Decompresses a message synchronously (RFC 7692 §7.2.2). Returns null when the output is longer than `worth` bytes and
 * should be left to an `InflateJob`.
 *
 * @throws {ProtocolError} 1007 when the data is invalid, 1009 when the output exceeds `limit` bytes.
 */
export function inflateNow(payload: Uint8Array, history: Buffer, limit: number, worth: number): Buffer | null {
  const most = Math.min(limit, worth)
  const short = inflateShort(payload, history, most)
  if (short !== null) return short
  try {
    const inflation = new Inflation(payload, history)
    const output = inflateWhole(inflation, most)
    if (output === null) return null
    const message = inflation.messageIn(output)
    const proof = inflation.makeProof(output)
    if (proof === null) return message
    const again = inflateWhole(proof, most)
    if (again === null || proof.messageIn(again).length !== message.length) throw cutShort()
    return message
  } catch (error) {
    const isOverflow = error === overflow || (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    if (isOverflow && most < limit) return null
    throw isOverflow ? tooLong(limit) : asProtocolError(error as Error)
  }
}

/** The error for a limit of 0, which zlib cannot check, because its own limit is at least one byte. */
const overflow = new RangeError('output over the limit')

/** Returns the output including the padding; null when it needs too many passes. */
function inflateWhole(inflation: Inflation, most: number): Buffer | null {
  while (inflation.passes < FEW_FINAL_BLOCKS) {
    const { buffer, engine } = inflateStream(inflation, most + inflation.padding)
    inflation.chunks.push(buffer)
    inflation.length += buffer.length
    if (!inflation.finishPass(engine.bytesWritten)) continue
    const output = inflation.chunks.length === 1 ? buffer : Buffer.concat(inflation.chunks)
    if (inflation.messageLength > most) throw overflow
    return output
  }
  return null
}

/** Inflates one zlib stream of the message. zlib checks `maxOutputLength` after each chunk, so a chunk is no larger. */
function inflateStream(inflation: Inflation, most: number): SyncPass {
  const missing = Math.max(most - inflation.length, 0)
  const guess = Math.min(Math.max(inflation.rest.length * 6, SMALLEST_CHUNK), LARGEST_CHUNK, missing + 1)
  const pass: unknown = inflateRawSync(Buffer.concat([inflation.rest, inflation.ending]), {
    info: true,
    dictionary: inflation.dictionary,
    chunkSize: Math.max(guess, 64),
    maxOutputLength: Math.max(missing, 1),
  })
  return pass as SyncPass
}
