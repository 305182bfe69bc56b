import { CloseCode } from './close-code.ts'
import { encodeCloseBody, readCloseBody, truncateReason } from './close-frame.ts'
import { EMPTY } from './empty.ts'
import { type ProtocolError, WebSocketError } from './errors.ts'
import { type FlowSink, type GateOwner, InputGate, type InputOptions } from './input-gate.ts'
import type { MessageSink } from './message-assembler.ts'
import { Opcode } from './opcode.ts'

/** The state of a connection (RFC 6455 §7.1): `closed` once the outcome is known, though the transport may live on. */
export type ProtocolState = 'open' | 'closing' | 'closed'

/** How a connection ended (RFC 6455 §7.1.4–§7.1.6). */
export interface CloseInfo {
  /** The peer's close code, 1005 when its Close frame had none; the code we failed with; 1006 without Close frames. */
  code: number
  /** The reason that goes with the code; may be empty. */
  reason: string
  /** Whether Close frames went both ways. */
  wasClean: boolean
  /** Who ended it: this side, the peer with a Close frame, or the transport. */
  initiator: 'local' | 'remote' | 'transport'
  /** Why, unless the application or the peer just asked for it. */
  error?: Error | undefined
}

/** Called for control frames in both directions, and for the end (RFC 6455 §5.5, §7). */
export interface ClosingSink {
  /** A pong arrived, solicited or not (§5.5.3); the payload belongs to the receiver. */
  onPongReceived(payload: Buffer): void
  /** A Close frame or pong must be sent; a newer pong may replace an older one that still waits. */
  onControlFrame(opcode: number, payload: Uint8Array): void
  /** This side sent its Close frame first: a timer should end a peer that does not answer (§7.1.1). */
  onCloseExpected(): void
  /** The outcome is known; the transport must be ended after what was sent (§7.1.1). */
  onClosed(info: CloseInfo): void
}

type ClosingEvent = 'close' | 'closeFrame' | 'violation' | 'end'
/** What an event does in a state; null when it is ignored. */
type Transition = { readonly sendsClose: boolean; readonly next: 'closing' | 'closed' } | null

/**
 * The closing handshake (RFC 6455 §7): what `close()`, a Close frame of the peer, a violation and the end of the stream
 * do in each state. While closing, messages, pings and pongs are discarded; once closed, everything (§7.1.7).
 */
const closingTable: Readonly<Record<ProtocolState, Readonly<Record<ClosingEvent, Transition>>>> = {
  open: {
    close: { sendsClose: true, next: 'closing' },
    closeFrame: { sendsClose: true, next: 'closed' },
    violation: { sendsClose: true, next: 'closed' },
    end: { sendsClose: false, next: 'closed' },
  },
  closing: {
    close: null,
    closeFrame: { sendsClose: false, next: 'closed' },
    violation: { sendsClose: false, next: 'closed' },
    end: { sendsClose: false, next: 'closed' },
  },
  closed: { close: null, closeFrame: null, violation: null, end: null },
}

/** The meaning of control frames, and the state of the connection (RFC 6455 §5.5, §7). */
export class ClosingHandshake implements GateOwner {
  /** Reads what the peer sends. */
  readonly input: InputGate
  readonly #sink: ClosingSink
  #state: ProtocolState = 'open'
  /** Why this side closes, unless the application just asked for it. */
  #cause: Error | undefined

  constructor(sink: ClosingSink & MessageSink & FlowSink, options: InputOptions) {
    this.#sink = sink
    this.input = new InputGate(this, sink, options)
  }

  get state(): ProtocolState {
    return this.#state
  }

  close(code: number, reason: string | Uint8Array, cause?: Error): void {
    const body = encodeCloseBody(code, reason)
    if (this.#transition('close') === null) return
    this.#cause = cause
    // §7.1.2: “an endpoint MUST send a Close control frame […] whose status code is set to /code/ and whose close
    // reason is set to /reason/.”
    this.#walk('close', body)
  }

  onControlFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === Opcode.CLOSE) return this.#onClose(bytes, start, end)
    // §5.5.1: “If an endpoint receives a Close frame and did not previously send a Close frame, […]”: once one was sent,
    // nothing but the answer matters.
    if (this.#state !== 'open') return
    const payload = end === start ? EMPTY : Buffer.from(bytes.subarray(start, end))
    // §5.5.2: “Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response […].”
    if (opcode === Opcode.PING) this.#sink.onControlFrame(Opcode.PONG, payload)
    // §5.5.3: “A response to an unsolicited Pong frame is not expected.”
    else this.#sink.onPongReceived(payload)
  }

  #onClose(bytes: Buffer, start: number, end: number): void {
    const { code, reason } = readCloseBody(bytes, start, end)
    // §5.5.1: “If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a
    // Close frame in response. (When sending a Close frame in response, the endpoint typically echos the status code it
    // received.)”
    const echo = code === CloseCode.NO_STATUS_RECEIVED ? EMPTY : Buffer.from(bytes.subarray(start, start + 2))
    // §5.5.1: “After both sending and receiving a Close message, an endpoint considers the WebSocket connection closed
    // and MUST close the underlying TCP connection.”
    const info: CloseInfo = { code, reason, wasClean: true, initiator: this.#state === 'open' ? 'remote' : 'local' }
    if (this.#cause !== undefined) info.error = this.#cause
    this.#walk('closeFrame', echo, info)
  }

  fail(error: ProtocolError): void {
    const { closeCode: code, message: reason } = error
    const transition = this.#transition('violation')
    if (transition === null) return
    // §7.1.7: “the endpoint SHOULD send a Close frame with an appropriate status code (Section 7.4) before proceeding to
    // _Close the WebSocket Connection_.”
    const body = transition.sendsClose ? encodeCloseBody(code, truncateReason(reason)) : EMPTY
    this.#walk('violation', body, { code, reason, wasClean: false, initiator: 'local', error })
  }

  receiveEnd(cause?: Error, initiator: CloseInfo['initiator'] = 'transport'): void {
    if (this.#transition('end') === null) return
    // §7.1.5: “If _The WebSocket Connection is Closed_ and no Close control frame was received by the endpoint […], _The
    // WebSocket Connection Close Code_ is considered to be 1006.”
    const error = cause ?? endWithoutClose(this.#state)
    this.#walk('end', EMPTY, { code: CloseCode.ABNORMAL, reason: '', wasClean: false, initiator, error })
  }

  #transition(event: ClosingEvent): Transition {
    return closingTable[this.#state][event]
  }

  /** @param outcome Needed where the event ends in `closed`. */
  #walk(event: ClosingEvent, closeBody: Buffer, outcome?: CloseInfo): void {
    const transition = this.#transition(event)
    if (transition === null) return
    this.#state = transition.next
    if (transition.sendsClose) this.#sink.onControlFrame(Opcode.CLOSE, closeBody)
    if (transition.next === 'closing') {
      this.#sink.onCloseExpected()
      this.input.discardMessages()
    } else {
      this.input.shut()
      this.#sink.onClosed(outcome!)
    }
  }
}

function endWithoutClose(state: ProtocolState): WebSocketError {
  const missing = state === 'open' ? 'sending' : 'answering'
  return new WebSocketError('ERR_WS_STREAM_ENDED', `the peer ended the stream without ${missing} a Close frame`)
}
