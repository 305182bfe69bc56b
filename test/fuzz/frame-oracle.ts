/** The expected effect of bytes on an endpoint, as short lines that are compared with the actual effect. */
export interface Expectation {
  events: string[]
  frames: number
  /** The payload of the message that has begun and not ended. */
  unfinished: Buffer
}

export interface OracleOptions {
  role: 'server' | 'client'
  maxMessageSize: number
  maxFrames: number
  /** Frames of at least this many bytes do not count. Default: all frames count. */
  countedBelow?: number
}

/** The grammar of RFC 3629 §4, followed by the beginnings of an incomplete character. */
const UTF8 =
  /^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*/
const BEGUN =
  /^(?:[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?|\xf0(?:[\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3][\x80-\xbf]{0,2}|\xf4(?:[\x80-\x8f][\x80-\xbf]?)?)?$/

/** Returns `whole`; `begun` when more bytes may complete the text; or `bad`. */
function judgeText(bytes: Buffer): 'whole' | 'begun' | 'bad' {
  const text = bytes.toString('latin1')
  const rest = text.slice(UTF8.exec(text)![0].length)
  if (rest === '') return 'whole'
  return BEGUN.test(rest) ? 'begun' : 'bad'
}

class Failure extends Error {
  readonly code: number

  constructor(code: number) {
    super(`fails with ${code}`)
    this.code = code
  }
}

const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)

/** The message whose frames arrive; `opcode` is 0 between two messages. */
interface Message {
  opcode: number
  gathered: Buffer
  announced: bigint
  frames: number
}

const NO_MESSAGE: Message = { opcode: 0, gathered: Buffer.alloc(0), announced: 0n, frames: 0 }

/**
 * Applies RFC 6455 §5 to §7 by slicing all bytes at once, slowly and obviously, with lengths of any size. Returns what
 * a connection delivers and sends, and its state at the end of the bytes.
 */
export function expectFrames(input: Buffer, options: OracleOptions): Expectation {
  const events: string[] = []
  let frames = 0
  let message = NO_MESSAGE
  try {
    for (let at = 0; at < input.length; ) {
      const rest = input.subarray(at)
      const header = readHeader(rest, options.role)
      if (header === null) break
      frames++
      const { opcode, length, key, size } = header
      if (opcode < 8) message = announce(message, header, options)
      const here = rest.subarray(size, size + Number(length))
      const payload = Buffer.from(here.map((byte, i) => (key === null ? byte : byte ^ key[i % 4])))
      const isWhole = BigInt(here.length) === length
      if (opcode < 8) {
        message = { ...message, gathered: Buffer.concat([message.gathered, payload]) }
        const isComplete = isWhole && header.fin
        checkText(message, isComplete)
        if (isComplete) {
          events.push(`${message.opcode === 1 ? 'text' : 'binary'} ${message.gathered.toString('hex')}`)
          message = NO_MESSAGE
        }
      } else if (isWhole) {
        events.push(...controlEvents(opcode, payload))
        if (opcode === 8) break
      }
      if (!isWhole) break
      at += size + here.length
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    events.push(`send 8 ${error.code}`, `closed ${error.code} local unclean`)
  }
  return { events, frames, unfinished: message.gathered }
}

/** Adds a frame to the message (RFC 6455 §5.4). The payload of the frame has not arrived yet. */
function announce(message: Message, { opcode, length }: Header, options: OracleOptions): Message {
  const { maxMessageSize, maxFrames, countedBelow = Number.POSITIVE_INFINITY } = options
  if ((opcode === 0) === (message.opcode === 0)) throw new Failure(1002)
  const announced = message.announced + length
  if (announced > BigInt(maxMessageSize)) throw new Failure(1009)
  const frames = message.frames + (length < countedBelow ? 1 : 0)
  if (frames > maxFrames) throw new Failure(1008)
  return { ...message, opcode: opcode || message.opcode, announced, frames }
}

/** Checks the text of a message (RFC 6455 §8.1). */
function checkText({ opcode, gathered }: Message, isComplete: boolean): void {
  if (opcode !== 1) return
  const judged = judgeText(gathered)
  if (judged === 'bad' || (judged === 'begun' && isComplete)) throw new Failure(1007)
}

function controlEvents(opcode: number, payload: Buffer): string[] {
  if (opcode === 8) return closedBy(payload)
  return [opcode === 9 ? `send a ${payload.toString('hex')}` : `pong ${payload.toString('hex')}`]
}

function closedBy(payload: Buffer): string[] {
  if (payload.length === 0) return ['send 8 ', 'closed 1005 remote clean']
  if (payload.length === 1) throw new Failure(1002)
  const code = payload.readUInt16BE(0)
  if (!isSendable(code)) throw new Failure(1002)
  if (judgeText(payload.subarray(2)) !== 'whole') throw new Failure(1007)
  return [`send 8 ${code}`, `closed ${code} remote clean`]
}

interface Header {
  fin: boolean
  opcode: number
  length: bigint
  key: Buffer | null
  size: number
}

/** Reads a header. Returns null when it is incomplete and valid so far. */
function readHeader(bytes: Buffer, role: 'server' | 'client'): Header | null {
  const fin = (bytes[0] & 0x80) !== 0
  const opcode = bytes[0] & 0x0f
  if ((bytes[0] & 0x70) !== 0) throw new Failure(1002)
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) throw new Failure(1002)
  if (bytes.length < 2) return null
  const isMasked = (bytes[1] & 0x80) !== 0
  if (isMasked !== (role === 'server')) throw new Failure(1002)
  const short = bytes[1] & 0x7f
  if (opcode >= 8 && (!fin || short > 125)) throw new Failure(1002)
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0
  if (extra === 8 && bytes.length > 2 && bytes[2] >= 0x80) throw new Failure(1002)
  if (bytes.length < 2 + extra) return null
  const length = extra === 0 ? BigInt(short) : BigInt(`0x${bytes.toString('hex', 2, 2 + extra)}`)
  if (length >= 2n ** 53n) throw new Failure(1009)
  if ((extra === 2 && length < 126n) || (extra === 8 && length < 65_536n)) throw new Failure(1002)
  const size = 2 + extra + (isMasked ? 4 : 0)
  if (bytes.length < size) return null
  return { fin, opcode, length, key: isMasked ? bytes.subarray(size - 4, size) : null, size }
}
