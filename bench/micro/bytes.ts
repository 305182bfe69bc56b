import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { BINARY, masked } from '../wire/frame.ts'
import { type Kind, makePayload } from '../wire/payload.ts'
import { MICRO_SIZES, type MicroCase, type MicroTools } from './case.ts'

const MASK_KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** Masking and unmasking in place (RFC 6455 §5.3). */
export const MASK_CASES: readonly MicroCase[] = MICRO_SIZES.map((size) => ({
  id: `mask-${size}`,
  title: `mask ${size} B`,
  bytes: size,
  make({ parts, bufferutil }: MicroTools) {
    const bytes = makePayload('binary', size, 1)
    const target = Buffer.alloc(size)
    const key = parts.readMaskingKey(MASK_KEY, 0)
    const variants: Record<string, () => void> = {
      dwebsocket: () => void parts.applyMask(bytes, 0, size, key),
    }
    if (bufferutil) variants.bufferutil = () => void bufferutil.unmask(bytes, MASK_KEY)
    variants['byte loop'] = () => void masked(bytes, MASK_KEY)
    variants.copy = () => void bytes.copy(target)
    return { operations: 1, variants }
  },
}))

/** Builds a frame from a payload (RFC 6455 §5.2). */
export const ENCODER_CASES: readonly MicroCase[] = MICRO_SIZES.map((size) => ({
  id: `encode-${size}`,
  title: `encode a frame of ${size} B`,
  bytes: size,
  make({ parts, ws }: MicroTools) {
    const payload = makePayload('binary', size, 1)
    const target = Buffer.alloc(size)
    const options = { fin: true, rsv1: false, opcode: BINARY, mask: false, readOnly: true }
    const variants: Record<string, () => void> = {
      dwebsocket: () => void parts.encodeFrame(BINARY, payload),
    }
    if (ws) variants.ws = () => void ws.Sender.frame(payload, options)
    variants.copy = () => void payload.copy(target)
    return { operations: 1, variants }
  },
}))

/** Checks and decodes the bytes of a text message (RFC 6455 §8.1); with ws, decoding is left to the application. */
export const TEXT_CASES: readonly MicroCase[] = (['ascii', 'cjk'] as Kind[]).flatMap((kind) =>
  [125, 1024, 16_384].map((size) => ({
    id: `text-${kind}-${size}`,
    title: `check and decode ${size} B of ${kind}`,
    bytes: size,
    make({ parts }: MicroTools) {
      const bytes = makePayload(kind, size, 1)
      const target = Buffer.alloc(size)
      const isAscii = kind === 'ascii'
      return {
        operations: 1,
        variants: {
          // Unmasking also detects ASCII.
          dwebsocket: () => {
            if (!isAscii && !parts.isValidUtf8(bytes, 0, size)) throw new Error('valid UTF-8 was rejected')
            parts.decodeText(bytes, 0, size, isAscii)
          },
          'isUtf8 + toString': () => {
            if (!isUtf8(bytes)) throw new Error('valid UTF-8 was rejected')
            bytes.toString('utf8')
          },
          copy: () => void bytes.copy(target),
        },
      }
    },
  })),
)

/** Sec-WebSocket-Accept (RFC 6455 §4.2.2). */
export const ACCEPT_CASE: MicroCase = {
  id: 'accept-key',
  title: 'accept key of a handshake',
  bytes: 0,
  make({ parts }: MicroTools) {
    const key = 'dGhlIHNhbXBsZSBub25jZQ=='
    return {
      operations: 1,
      variants: {
        dwebsocket: () => void parts.acceptKey(key),
        createHash: () => void createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'),
      },
    }
  },
}
