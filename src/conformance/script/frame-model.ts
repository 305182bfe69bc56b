import { type Frame, isLegalCode, isUtf8, Op, shortestForm } from '../wire/index.ts'

/** The properties of a frame that decide how it is handled. */
export type ModelFrame = Pick<Frame, 'fin' | 'rsv' | 'opcode' | 'masked' | 'form' | 'length' | 'payload'>

/** An echo or a pong. */
export interface Reply {
  opcode: number
  payload: Buffer
}

/** What a conforming echo server does with frames, up to the first one that ends the connection (RFC 6455 §5, §7). */
export interface Prediction {
  /** Echoes and pongs, in the order of their messages and pings. */
  replies: Reply[]
  /**
   * `open`: more frames may follow. `closed`: a valid Close was sent. Codes: the connection must fail with one of them.
   * `doubtful`: an unfinished text message is invalid, which a server may notice now or at its end.
   */
  end: 'open' | 'closed' | 'doubtful' | readonly number[]
  /** Whether only the sender is bound by the rule because of which the connection fails (RFC 6455 §10.7). */
  mayIgnore: boolean
}

const NOTHING = Buffer.alloc(0)

/** Predicts the effect of these frames on a new connection without extensions (RFC 6455 §5). */
export function predict(frames: readonly ModelFrame[]): Prediction {
  const model = new Model()
  for (const frame of frames) if (!model.isOver) model.accept(frame)
  const { replies, end, mayIgnore } = model
  return { replies, end, mayIgnore }
}

class Model {
  readonly replies: Reply[] = []
  end: Prediction['end'] = 'open'
  mayIgnore = false
  isOver = false
  #message: { opcode: number; payload: Buffer } | null = null

  accept(frame: ModelFrame): void {
    if (mustBeRefused(frame)) this.#fail(1002)
    else if (breaksSenderRules(frame)) this.#failOrIgnore(1002)
    else if (frame.opcode >= Op.CLOSE) this.#acceptControl(frame)
    else this.#acceptData(frame)
  }

  #acceptControl({ opcode, payload }: ModelFrame): void {
    if (opcode === Op.PING) this.replies.push({ opcode: Op.PONG, payload })
    if (opcode !== Op.CLOSE) return
    if (payload.length === 1 || (payload.length > 1 && !isLegalCode(payload.readUInt16BE(0)))) this.#failOrIgnore(1002)
    else if (!isUtf8(payload.subarray(2))) this.#fail(1007)
    else {
      this.isOver = true
      if (this.end === 'open') this.end = 'closed'
    }
  }

  #acceptData({ opcode, payload, fin }: ModelFrame): void {
    if ((opcode === Op.CONT) !== (this.#message !== null)) {
      this.#failOrIgnore(1002)
      return
    }
    this.#message ??= { opcode, payload: NOTHING }
    this.#message.payload = Buffer.concat([this.#message.payload, payload])
    if (this.#message.opcode === Op.TEXT && !isUtf8Start(this.#message.payload)) this.end = 'doubtful'
    if (!fin) return
    if (this.#message.opcode === Op.TEXT && !isUtf8(this.#message.payload)) this.#fail(1007)
    else this.replies.push(this.#message)
    this.#message = null
  }

  #failOrIgnore(code: number): void {
    this.mayIgnore = true
    this.#fail(code)
  }

  /** An invalid text message may be noticed before this violation. */
  #fail(code: number): void {
    this.isOver = true
    this.end = this.end === 'doubtful' && code !== 1007 ? [code, 1007] : [code]
  }
}

/** Whether a rule binds the receiver of the frame to fail the connection (RFC 6455 §5.1, §5.2). */
function mustBeRefused({ rsv, opcode, masked }: ModelFrame): boolean {
  const isReserved = opcode >= Op.CLOSE ? opcode > Op.PONG : opcode > Op.BINARY
  return !masked || rsv !== 0 || isReserved
}

/** Whether the frame breaks a rule that binds its sender (RFC 6455 §5.2, §5.5). */
function breaksSenderRules({ fin, opcode, form, length }: ModelFrame): boolean {
  return form !== shortestForm(length) || (opcode >= Op.CLOSE && (!fin || length > 125n))
}

/** Returns whether the bytes are the beginning of valid UTF-8: the last code point may be incomplete (RFC 3629 §4). */
function isUtf8Start(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
