import { EMPTY } from '../core/empty.ts'
import { HandshakeError } from '../core/errors.ts'
import { trimBlanks } from './header-field.ts'
import { TOKEN_BYTES } from './header-grammar.ts'
import { MAX_FIELD_COUNT } from './upgrade-request.ts'

/** The head of a request that was read from a byte stream (RFC 9112 §2.1). */
export interface RequestHead {
  method: string
  url: string
  /** As in `'1.1'`. */
  httpVersion: string
  /** Names and trimmed values in turn, as sent, decoded as latin1. */
  rawHeaders: string[]
  /** The index behind the head in the bytes of the last `push`. */
  end: number
}

/** Limits of a request head (RFC 6455 §10.4). */
export interface RequestHeadLimits {
  /** Bytes of the whole head. Default 16,384. */
  maxSize?: number | undefined
  /** Number of fields. Default 1,000. */
  maxFieldCount?: number | undefined
}

const MAX_SIZE = 16_384

/** Size of the first buffer for a head that arrives in several chunks. */
const FIRST_BUFFER = 1_024

/** The states of the parser; those up to `VERSION_END` are in the request line. */
const State = {
  FAILED: 0,
  DONE: 1,
  START: 2,
  START_LF: 3,
  LINE: 4,
  METHOD: 5,
  TARGET: 6,
  TARGET_REST: 7,
  VERSION_H: 8,
  VERSION_T: 9,
  VERSION_T2: 10,
  VERSION_P: 11,
  VERSION_SLASH: 12,
  VERSION_MAJOR: 13,
  VERSION_DOT: 14,
  VERSION_MINOR: 15,
  VERSION_END: 16,
  FIELD_LF: 17,
  FIELD: 18,
  NAME: 19,
  VALUE: 20,
  END_LF: 21,
} as const

/** Added to the next state where the index of the byte is recorded. */
const MARK = 0x80

const CR = '\r'
const LF = '\n'
const DIGITS = '0123456789'
const TOKEN = charactersFrom(0, (code) => TOKEN_BYTES[code] === 1)
const VISIBLE = charactersFrom(0x21, (code) => code !== 0x7f)
const TEXT = `${VISIBLE} \t`

/**
 * The grammar of RFC 9112 §2–§5, row by row: in this state, one of these bytes leads to that state. Every other byte
 * is an error: a bare CR or LF, a fold, a blank before the colon, NUL and the other control bytes. The visible bytes
 * include 80–FF, which occur in targets of plain requests in practice.
 */
const RULES: readonly (readonly [from: number, bytes: string, to: number])[] = [
  [State.START, CR, State.START_LF],
  [State.START_LF, LF, State.LINE],
  [State.START, TOKEN, State.METHOD | MARK],
  [State.LINE, TOKEN, State.METHOD | MARK],
  [State.METHOD, TOKEN, State.METHOD],
  [State.METHOD, ' ', State.TARGET | MARK],
  [State.TARGET, VISIBLE, State.TARGET_REST],
  [State.TARGET_REST, VISIBLE, State.TARGET_REST],
  [State.TARGET_REST, ' ', State.VERSION_H | MARK],
  [State.VERSION_H, 'H', State.VERSION_T],
  [State.VERSION_T, 'T', State.VERSION_T2],
  [State.VERSION_T2, 'T', State.VERSION_P],
  [State.VERSION_P, 'P', State.VERSION_SLASH],
  [State.VERSION_SLASH, '/', State.VERSION_MAJOR],
  [State.VERSION_MAJOR, DIGITS, State.VERSION_DOT],
  [State.VERSION_DOT, '.', State.VERSION_MINOR],
  [State.VERSION_MINOR, DIGITS, State.VERSION_END],
  [State.VERSION_END, CR, State.FIELD_LF | MARK],
  [State.FIELD_LF, LF, State.FIELD],
  [State.FIELD, TOKEN, State.NAME],
  [State.NAME, TOKEN, State.NAME],
  [State.NAME, ':', State.VALUE | MARK],
  [State.VALUE, TEXT, State.VALUE],
  [State.VALUE, CR, State.FIELD_LF | MARK],
  [State.FIELD, CR, State.END_LF],
  [State.END_LF, LF, State.DONE],
]

const NEXT = buildTable()

function charactersFrom(first: number, isWanted: (code: number) => boolean): string {
  let characters = ''
  for (let code = first; code < 256; code++) {
    if (isWanted(code)) characters += String.fromCharCode(code)
  }
  return characters
}

function buildTable(): Uint8Array {
  const table = new Uint8Array((State.END_LF + 1) * 256)
  for (const [from, bytes, to] of RULES) {
    for (const byte of bytes) table[from * 256 + byte.charCodeAt(0)] = to
  }
  return table
}

/**
 * Parses the head of one HTTP/1.1 request from a byte stream in chunks of any size, each byte once. After the head or
 * an error it accepts no more bytes until `restart` (RFC 9112 §2).
 */
export class RequestHeadParser {
  /** Bytes of the largest head that is accepted. */
  readonly maxSize: number
  readonly #maxFieldCount: number
  #state: number = State.START
  /** Start of the method, then the ends of method, target and version, then those of every name and value. */
  readonly #marks: number[] = []
  #markCount = 0
  #text = ''
  #stored: Buffer = EMPTY
  #storedSize = 0

  constructor({ maxSize = MAX_SIZE, maxFieldCount = MAX_FIELD_COUNT }: RequestHeadLimits = {}) {
    this.maxSize = maxSize
    this.#maxFieldCount = maxFieldCount
  }

  /** The complete head as latin1. */
  get text(): string {
    return this.#text
  }

  /** Prepares for another head. */
  restart(): void {
    this.#state = State.START
    this.#markCount = 0
    this.#text = ''
    this.#stored = EMPTY
    this.#storedSize = 0
  }

  /** The bytes of all calls of `push` that did not complete the head. */
  get stored(): Buffer {
    return this.#stored.subarray(0, this.#storedSize)
  }

  /**
   * Parses the next chunk; returns `null` until the head is complete. Bytes that are needed later are copied.
   *
   * @throws {HandshakeError} when the head is refused: 400 for a syntax error, 414 for a request line beyond `maxSize`,
   *   431 for more bytes or fields than allowed, 505 for a version other than 1.x.
   */
  push(bytes: Uint8Array, start: number, end: number): RequestHead | null {
    const stop = Math.min(end, start + this.maxSize - this.#storedSize)
    const next = this.#scan(bytes, start, stop)
    if (this.#markCount > 4 + this.#maxFieldCount * 2) {
      throw this.#tooLarge(`more than ${this.#maxFieldCount} fields`)
    }
    if (this.#state === State.DONE) return this.#finish(bytes, start, next)
    if (this.#storedSize + stop - start === this.maxSize) throw this.#tooLarge(`more than ${this.maxSize} bytes`)
    this.#store(bytes, start, stop)
    return null
  }

  /** Runs the bytes through the table; returns the index behind the last byte that was read. */
  #scan(bytes: Uint8Array, start: number, stop: number): number {
    const offset = this.#storedSize - start
    let state = this.#state
    for (let i = start; i < stop; i++) {
      const next = NEXT[state * 256 + bytes[i]]
      if (next === State.FAILED) throw this.#fail(state, bytes[i])
      if (next === state) continue
      if (next === State.DONE) {
        this.#state = State.DONE
        return i + 1
      }
      if (next & MARK) this.#marks[this.#markCount++] = i + offset
      state = next & ~MARK
    }
    this.#state = state
    return stop
  }

  #finish(bytes: Uint8Array, start: number, end: number): RequestHead {
    const marks = this.#marks
    const text = toLatin1(this.#stored, 0, this.#storedSize) + toLatin1(bytes, start, end)
    this.#text = text
    const versionAt = marks[2] + ' HTTP/'.length
    const httpVersion = text.startsWith('1.1', versionAt) ? '1.1' : text.slice(versionAt, marks[3])
    if (httpVersion[0] !== '1') {
      throw new HandshakeError(505, 'ERR_WS_HTTP_VERSION', `HTTP/${httpVersion}, must be HTTP/1.1`)
    }
    const rawHeaders: string[] = new Array(this.#markCount - 4)
    for (let i = 4; i < this.#markCount; i += 2) {
      rawHeaders[i - 4] = nameAt(text, marks[i - 1] + 2, marks[i])
      rawHeaders[i - 3] = trimBlanks(text, marks[i] + 1, marks[i + 1])
    }
    return {
      method: text.startsWith('GET ', marks[0]) ? 'GET' : text.slice(marks[0], marks[1]),
      url: text.slice(marks[1] + 1, marks[2]),
      httpVersion,
      rawHeaders,
      end,
    }
  }

  /** Stores bytes; the buffer doubles, so that one byte at a time takes linear time. */
  #store(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#storedSize + end - start
    if (size > this.#stored.length) {
      const grown = Buffer.alloc(Math.max(FIRST_BUFFER, this.#stored.length * 2, size))
      grown.set(this.stored)
      this.#stored = grown
    }
    this.#stored.set(bytes.subarray(start, end), this.#storedSize)
    this.#storedSize = size
  }

  #fail(state: number, byte: number): HandshakeError {
    this.#state = State.FAILED
    const shown = `byte 0x${byte.toString(16).padStart(2, '0')}`
    return new HandshakeError(400, 'ERR_WS_REQUEST_SYNTAX', `${shown} is not allowed in ${placeOf(state)}`)
  }

  #tooLarge(found: string): HandshakeError {
    const isLine = this.#state <= State.VERSION_END && this.#state !== State.DONE
    this.#state = State.FAILED
    const part = isLine ? 'request line' : 'request head'
    return new HandshakeError(isLine ? 414 : 431, 'ERR_WS_HEAD_TOO_LARGE', `${part} of ${found}`)
  }
}

/** The names in most upgrade requests: all requests share one string for each. */
const COMMON_NAMES = [
  'Host',
  'Upgrade',
  'Connection',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Version',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Protocol',
  'Origin',
  'User-Agent',
]

function nameAt(text: string, start: number, end: number): string {
  for (const name of COMMON_NAMES) {
    if (name.length === end - start && text.startsWith(name, start)) return name
  }
  return text.slice(start, end)
}

/** Describes a state in an error message. */
function placeOf(state: number): string {
  if (state <= State.DONE) return 'the bytes behind an end'
  if (state <= State.METHOD) return 'the method'
  if (state <= State.TARGET_REST) return 'the request target'
  if (state <= State.VERSION_END) return 'the HTTP version'
  if (state === State.FIELD) return 'the first place of a field line'
  if (state === State.NAME) return 'a field name'
  return state === State.VALUE ? 'a field value' : 'a line end'
}

function toLatin1(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return ''
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1', start, end)
}
