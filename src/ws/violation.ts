import type { ProtocolError } from '../core/errors.ts'

/** An error of a socket, with the `code` that npm ws uses. */
export type SocketError = Error & { code?: string; errno?: number }

type Kind = readonly [code: string, type: typeof Error, text: (detail: number | null) => string]

const INVALID = 'Invalid WebSocket frame: '
const invalidOpcode: Kind = ['WS_ERR_INVALID_OPCODE', RangeError, (opcode) => `${INVALID}invalid opcode ${opcode}`]
const invalidLength: Kind = [
  'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
  RangeError,
  (length) => `${INVALID}invalid payload length ${length}`,
]
const tooLong: Kind = ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', RangeError, () => 'Max payload size exceeded']
const hugeLength: Kind = [
  'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH',
  RangeError,
  () => 'Unsupported WebSocket frame: payload length > 2^53 - 1',
]

/** The error code, class and message of npm ws for each violation. */
const kinds: Readonly<Record<string, Kind>> = {
  ERR_WS_RESERVED_BIT: ['WS_ERR_UNEXPECTED_RSV_1', RangeError, () => `${INVALID}RSV1 must be clear`],
  ERR_WS_RESERVED_OPCODE: invalidOpcode,
  ERR_WS_CONTINUATION_UNEXPECTED: invalidOpcode,
  ERR_WS_CONTINUATION_EXPECTED: invalidOpcode,
  ERR_WS_CONTROL_FRAGMENTED: ['WS_ERR_EXPECTED_FIN', RangeError, () => `${INVALID}FIN must be set`],
  ERR_WS_CONTROL_TOO_LONG: invalidLength,
  ERR_WS_CLOSE_TOO_SHORT: invalidLength,
  ERR_WS_MASK_REQUIRED: ['WS_ERR_EXPECTED_MASK', RangeError, () => `${INVALID}MASK must be set`],
  ERR_WS_MASK_FORBIDDEN: ['WS_ERR_UNEXPECTED_MASK', RangeError, () => `${INVALID}MASK must be clear`],
  ERR_WS_CLOSE_CODE_INVALID: [
    'WS_ERR_INVALID_CLOSE_CODE',
    RangeError,
    (status) => `${INVALID}invalid status code ${status}`,
  ],
  ERR_WS_INVALID_UTF8: ['WS_ERR_INVALID_UTF8', Error, () => `${INVALID}invalid UTF-8 sequence`],
  ERR_WS_LENGTH_INVALID: hugeLength,
  ERR_WS_MESSAGE_TOO_BIG: tooLong,
  ERR_WS_TOO_MANY_FRAMES: ['WS_ERR_TOO_MANY_BUFFERED_PARTS', RangeError, () => 'Too many message fragments'],
}

const otherReservedBits: Kind = ['WS_ERR_UNEXPECTED_RSV_2_3', RangeError, () => `${INVALID}RSV2 and RSV3 must be clear`]

function kindOf({ code, message }: ProtocolError): Kind | undefined {
  if (code === 'ERR_WS_RESERVED_BIT' && /RSV[23],|RSV[23];/.test(message)) return otherReservedBits
  if (code === 'ERR_WS_MESSAGE_TOO_BIG' && message.endsWith('2^53 - 1')) return hugeLength
  return kinds[code]
}

/** Returns the error that npm ws emits for a violation, and the code of its Close frame. */
export function toSocketError(violation: ProtocolError): { error: SocketError; closeCode: number } {
  const kind = kindOf(violation)
  const closeCode = violation.code === 'ERR_WS_LENGTH_INVALID' ? 1009 : violation.closeCode
  if (kind === undefined) {
    if (violation.code !== 'ERR_WS_INFLATE') return { error: violation, closeCode }
    // Decompression failed. The error of an inflater other than zlib lacks the code that programs expect.
    const error = new Error('invalid compressed data', { cause: violation })
    return { error: Object.assign(error, { code: 'Z_DATA_ERROR', errno: -3 }), closeCode }
  }
  const [code, type, text] = kind
  return { error: Object.assign(new type(text(violation.detail), { cause: violation }), { code }), closeCode }
}
