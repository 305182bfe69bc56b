import { isUtf8 } from 'node:buffer'
import { deflateRawSync } from 'node:zlib'

/** Minimum number of bytes in a repetition. */
const LONG_RUN = 48
const PERIODS = [1, 2, 4, 8, 16, 32, 64] as const
/** Minimum number of bytes that are written compressed. */
const LONG = 2_048

/** Returns a JavaScript expression for bytes: text as a string, other bytes in hex, long repetitions with a count. */
export function formatBytes(bytes: Buffer): string {
  const plain = formatPlain(bytes)
  if (bytes.length < LONG || plain.length < LONG) return plain
  const packed = formatPacked(bytes)
  return packed.length < plain.length ? packed : plain
}

function formatPlain(bytes: Buffer): string {
  const parts: string[] = []
  const isText = /^[\t\r\n -~]{4,}$/.test(bytes.toString('latin1', 0, 64))
  const add = (from: number, to: number): void => {
    if (to > from) parts.push(isText ? quote(bytes.subarray(from, to)) : hex(bytes.subarray(from, to)))
  }
  let from = 0
  for (let at = 0; at < bytes.length; ) {
    const run = findRun(bytes, at)
    if (run === null) at++
    else {
      add(from, at)
      parts.push(hex(bytes.subarray(at, at + run.period), run.length / run.period))
      at += run.length
      from = at
    }
  }
  add(from, bytes.length)
  return joinBytes(parts)
}

/** Compresses long bytes. Frames with masking keys are compressed without them, because masked text hardly shrinks. */
function formatPacked(bytes: Buffer): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const frame = bytes.subarray(at)
    const size = maskedSize(frame)
    if (size === null) return pack(bytes)
    const { header, end } = size
    const key = frame.subarray(header - 4, header)
    const payload = frame.subarray(header, end).map((byte, index) => byte ^ key[index % 4])
    parts.push(`masked('${frame.toString('hex', 0, header)}', ${pack(payload)})`)
    at += end
  }
  return joinBytes(parts)
}

function pack(bytes: Uint8Array): string {
  const packed = `unpack('${deflate(bytes)}')`
  if (!isUtf8(bytes)) return packed
  const steps = `sums('${deflate(stepsOf(bytes))}')`
  return steps.length < packed.length ? steps : packed
}

function deflate(bytes: Uint8Array): string {
  return deflateRawSync(bytes, { level: 9 }).toString('base64')
}

/** Returns the differences between the code points of a text, as 32-bit numbers: they are alike in an ordered text. */
function stepsOf(bytes: Uint8Array): Buffer {
  let last = 0
  const steps = Int32Array.from(Array.from(Buffer.from(bytes).toString()), (character) => {
    const step = Number(character.codePointAt(0)) - last
    last += step
    return step
  })
  return Buffer.from(steps.buffer)
}

/** Returns the length of the header and of the whole masked frame with which the bytes begin, or null. */
function maskedSize(bytes: Buffer): { header: number; end: number } | null {
  const form = (bytes[1] ?? 0) & 0x7f
  const extra = form === 126 ? 2 : form === 127 ? 8 : 0
  const header = 6 + extra
  if (bytes.length < header || bytes[1] < 0x80) return null
  const length = extra === 0 ? form : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  return header + length > bytes.length ? null : { header, end: header + length }
}

/** Returns an expression for several parts. */
export function joinBytes(parts: readonly string[]): string {
  return parts.length === 1 ? parts[0] : `Buffer.concat([${parts.map(asBuffer).join(', ')}])`
}

/** Finds a repetition that begins at `at`, in whole periods. */
function findRun(bytes: Buffer, at: number): { period: number; length: number } | null {
  for (const period of PERIODS) {
    let end = at + period
    while (end < bytes.length && bytes[end] === bytes[end - period]) end++
    const length = end - at - ((end - at) % period)
    if (length >= LONG_RUN && length >= 2 * period) return { period, length }
  }
  return null
}

function hex(bytes: Buffer, times = 1): string {
  return `hex('${bytes.toString('hex')}'${times === 1 ? '' : `, ${times}`})`
}

function quote(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'))
  return text.includes('\\"') || text.includes("'") ? text : `'${text.slice(1, -1)}'`
}

function asBuffer(expression: string): string {
  return /^['"]|^accept/.test(expression) ? `Buffer.from(${expression}, 'latin1')` : expression
}
