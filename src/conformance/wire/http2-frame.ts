/** Types of HTTP/2 frames (RFC 9113 §6). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const

/** Flags of HTTP/2 frames. END_STREAM and ACK are the same bit in different frame types (RFC 9113 §6). */
export const FrameFlag = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 32 } as const

/** Settings (RFC 9113 §6.5.2, RFC 8441 §3). */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  ENABLE_CONNECT_PROTOCOL: 8,
} as const

/** The error codes that cases use (RFC 9113 §7). */
export const Http2Error = { NO_ERROR: 0, PROTOCOL_ERROR: 1, REFUSED_STREAM: 7, CANCEL: 8 } as const

/** The connection preface of a client (RFC 9113 §3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** The length of a frame header in bytes (RFC 9113 §4.1). */
const HEADER_BYTES = 9

/** One HTTP/2 frame (RFC 9113 §4.1). */
export interface Http2Frame {
  type: number
  flags: number
  /** The id of the stream; 0 for the whole connection. */
  stream: number
  payload: Buffer
}

/** Encodes one HTTP/2 frame, valid or not (RFC 9113 §4.1). */
export function encodeHttp2Frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(stream, 5)
  return Buffer.concat([header, payload])
}

/** Parses bytes into HTTP/2 frames, which the caller checks (RFC 9113 §4.1). */
export class Http2FrameReader {
  #chunks: Buffer[] = []
  #size = 0

  /** Adds bytes and returns the frames that are now complete. */
  push(chunk: Buffer): Http2Frame[] {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    const frames: Http2Frame[] = []
    if (this.#size < this.#needed()) return frames
    let rest = Buffer.concat(this.#chunks)
    for (let end = endOfFrame(rest); end <= rest.length; end = endOfFrame(rest)) {
      frames.push({
        type: rest[3],
        flags: rest[4],
        stream: rest.readUInt32BE(5) & 0x7fffffff,
        payload: rest.subarray(HEADER_BYTES, end),
      })
      rest = rest.subarray(end)
    }
    this.#chunks = [rest]
    this.#size = rest.length
    return frames
  }

  /** How many bytes the next frame needs at least. Joining chunks earlier would take quadratic time. */
  #needed(): number {
    if (this.#chunks[0].length < HEADER_BYTES) return HEADER_BYTES
    return endOfFrame(this.#chunks[0])
  }
}

function endOfFrame(bytes: Buffer): number {
  return HEADER_BYTES + (bytes.length < HEADER_BYTES ? 0 : bytes.readUIntBE(0, 3))
}

/** Encodes the payload of SETTINGS (RFC 9113 §6.5.1). */
export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6)
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  }
  return payload
}

/** Reads the payload of SETTINGS (RFC 9113 §6.5.1). */
export function parseSettings(payload: Buffer): [id: number, value: number][] {
  return Array.from({ length: Math.floor(payload.length / 6) }, (_, index) => [
    payload.readUInt16BE(index * 6),
    payload.readUInt32BE(index * 6 + 2),
  ])
}

/** Encodes a number in four bytes: an error code or a window increment. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Returns the payload without padding, and in HEADERS without the priority (RFC 9113 §6.1, §6.2). */
export function withoutPadding({ type, flags, payload }: Http2Frame): Buffer {
  const isPadded = (flags & FrameFlag.PADDED) !== 0
  const padding = isPadded ? payload[0] : 0
  const priority = type === FrameType.HEADERS && (flags & FrameFlag.PRIORITY) !== 0 ? 5 : 0
  return payload.subarray((isPadded ? 1 : 0) + priority, payload.length - padding)
}

const TYPE_NAMES = Object.keys(FrameType)
const ERROR_NAMES =
  'NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED'.split(
    ' ',
  )

/** Returns the name of an error code (RFC 9113 §7). */
export function nameHttp2Error(code: number): string {
  return ERROR_NAMES[code] ?? `error code ${code}`
}

/** Formats a frame for the wire log: `RST_STREAM stream 1 CANCEL`. */
export function describeHttp2Frame({ type, flags, stream, payload }: Http2Frame): string {
  const words = [TYPE_NAMES[type] ?? `frame of type ${type}`]
  if (stream > 0) words.push(`stream ${stream}`)
  const isAck = (type === FrameType.SETTINGS || type === FrameType.PING) && (flags & FrameFlag.ACK) !== 0
  if (isAck) words.push('ACK')
  else if (type === FrameType.SETTINGS)
    words.push(
      parseSettings(payload)
        .map((pair) => pair.join('='))
        .join(' '),
    )
  else if (type === FrameType.RST_STREAM && payload.length === 4) words.push(nameHttp2Error(payload.readUInt32BE(0)))
  else if (type === FrameType.GOAWAY && payload.length >= 8) words.push(nameHttp2Error(payload.readUInt32BE(4)))
  else if (type === FrameType.WINDOW_UPDATE && payload.length === 4) words.push(`+${payload.readUInt32BE(0)}`)
  else if (type <= FrameType.HEADERS && (flags & FrameFlag.END_STREAM) !== 0) words.push('END_STREAM')
  return words.join(' ')
}
