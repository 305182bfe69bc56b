import { buildFrame, TEXT } from '../wire/frame.ts'
import { type Kind, makePayload, opcodeOf, seededRandom, uploadReceipt } from '../wire/payload.ts'
import type { ExpectedReplies } from './reply-stream.ts'
import type { Dialect } from './workload.ts'

/** What every connection of a round sends, built before the measurement, and the expected replies. */
export interface Script {
  /** The masked frames one by one, all of one size. */
  frames: Buffer[]
  /** The frames concatenated, for one write. */
  burst: Buffer
  expected: ExpectedReplies
}

/** Maximum size in bytes of the distinct messages together. Beyond that, messages are repeated. */
const DISTINCT_BYTES = 16 * 1024 * 1024

/** Builds `count` distinct messages and their echoes in the protocol of the server. */
export function echoScript(kind: Kind, size: number, count: number, dialect: Dialect = 'websocket'): Script {
  const opcode = dialect === 'socket.io' ? TEXT : opcodeOf(kind)
  const payloads = distinctPayloads(kind, size, count).map((payload) => wrap(payload, dialect))
  const frames = maskedFrames(opcode, payloads)
  const burst = Buffer.concat(frames)
  const bytes = dialect === 'raw' ? burst : Buffer.concat(payloads.map((payload) => buildFrame(opcode, payload)))
  return { frames, burst, expected: { bytes, payloads, opcode } }
}

/** Builds `count` distinct messages, whose replies are text messages with their lengths. */
export function uploadScript(kind: Kind, size: number, count: number): Script {
  const payloads = distinctPayloads(kind, size, count)
  const frames = maskedFrames(opcodeOf(kind), payloads)
  const receipts = payloads.map((payload) => Buffer.from(uploadReceipt(kind, payload)))
  const bytes = Buffer.concat(receipts.map((receipt) => buildFrame(TEXT, receipt)))
  return { frames, burst: Buffer.concat(frames), expected: { bytes, payloads: receipts, opcode: TEXT } }
}

function distinctPayloads(kind: Kind, size: number, count: number): Buffer[] {
  const distinct = Math.max(1, Math.min(count, Math.floor(DISTINCT_BYTES / Math.max(1, size))))
  const made = Array.from({ length: distinct }, (_, index) => makePayload(kind, size, index))
  return Array.from({ length: count }, (_, index) => made[index % distinct])
}

function maskedFrames(opcode: number, payloads: Buffer[]): Buffer[] {
  const random = seededRandom(payloads.length)
  const built = new Map<Buffer, Buffer>()
  return payloads.map((payload) => {
    const known = built.get(payload)
    if (known) return known
    const maskKey = Buffer.alloc(4)
    maskKey.writeUInt32BE((random() | 0x01010101) >>> 0)
    const frame = buildFrame(opcode, payload, { maskKey })
    built.set(payload, frame)
    return frame
  })
}

function wrap(payload: Buffer, dialect: Dialect): Buffer {
  return dialect === 'socket.io' ? Buffer.from(`42${JSON.stringify(['m', payload.toString()])}`) : payload
}
