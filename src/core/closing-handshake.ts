import { CloseCode } from './close-code.ts'
import { encodeCloseBody, readCloseBody, truncateReason } from './close-frame.ts'
import { EMPTY } from './empty.ts'
import { type ProtocolError, WebSocketError } from './errors.ts'
import { type FlowSink, type GateOwner, InputGate, type InputOptions } from './input-gate.ts'
import type { MessageSink } from './message-assembler.ts'
import { Opcode } from './opcode.ts'

/**
 * The state of a connection (RFC 6455 §7.1). `closed` means that it is known how the connection ended; the transport
 * may still be open.
 */
export type ProtocolState = 'open' | 'closing' | 'closed'

/** How a connection ended (RFC 6455 §7.1.4–§7.1.6). */
export interface CloseInfo {
  /**
   * The close code: the peer's, or 1005 when its Close frame had none; the code that this side failed the connection
   * with; or 1006 when no Close frame was received.
   */
  code: number
  /** The close reason; may be empty. */
  reason: string
  /** Whether both sides have sent a Close frame. */
  wasClean: boolean
  /** Who closed the connection: this side, the peer with a Close frame, or the transport. */
  initiator: 'local' | 'remote' | 'transport'
  /** The cause. Undefined when the application or the peer closed the connection normally. */
  error?: Error | undefined
}

/** The callbacks for control frames in both directions, and for the end of the connection (RFC 6455 §5.5, §7). */
export interface ClosingSink {
  /** Called with a pong, solicited or not (RFC 6455 §5.5.3). The sink may keep and change the payload. */
  onPongReceived(payload: Buffer): void
  /** Called with a Close frame or pong to send. A pong may replace an older one that has not been sent. */
  onControlFrame(opcode: number, payload: Uint8Array): void
  /**
   * Called when this side has sent the first Close frame. A timer should end the connection when the peer does not
   * answer (RFC 6455 §7.1.1).
   */
  onCloseExpected(): void
  /**
   * Called when it is known how the connection ended. The transport must be ended once everything sent so far is
   * written (RFC 6455 §7.1.1).
   */
  onClosed(info: CloseInfo): void
}

type ClosingEvent = 'close' | 'closeFrame' | 'violation' | 'end'
/** The effect of an event in a state; null when the event is ignored. */
type Transition = { readonly sendsClose: boolean; readonly next: 'closing' | 'closed' } | null

/**
 * The closing handshake (RFC 6455 §7): the effect of `close()`, of the peer's Close frame, of a violation and of the
 * end of the stream in each state. Messages, pings and pongs are discarded in `closing`, all input in `closed`
 * (§7.1.7).
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

/**
 * Handles control frames and owns the state of the connection (RFC 6455 §5.5, §7). Its private methods are declared
 * with `private`, because `#` methods would cost each connection 8 bytes.
 */
export class ClosingHandshake implements GateOwner {
  /** Parses the input. */
  readonly input: InputGate
  readonly #sink: ClosingSink
  #state: ProtocolState = 'open'
  /** Why this side closes; undefined when the application closed normally. */
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
    if (this.transition('close') === null) return
    this.#cause = cause
    // §7.1.2: “an endpoint MUST send a Close control frame […] whose status code is set to /code/ and whose close
    // reason is set to /reason/.”
    this.walk('close', body)
  }

  onControlFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === Opcode.CLOSE) return this.onClose(bytes, start, end)
    // §5.5.1: “If an endpoint receives a Close frame and did not previously send a Close frame, […]”. After this side
    // has sent one, only the peer's Close frame matters.
    if (this.#state !== 'open') return
    const payload = end === start ? EMPTY : Buffer.from(bytes.subarray(start, end))
    // §5.5.2: “Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response […].”
    if (opcode === Opcode.PING) this.#sink.onControlFrame(Opcode.PONG, payload)
    // §5.5.3: “A response to an unsolicited Pong frame is not expected.”
    else this.#sink.onPongReceived(payload)
  }

  private onClose(bytes: Buffer, start: number, end: number): void {
    const { code, reason } = readCloseBody(bytes, start, end)
    // §5.5.1: “If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send
    // a Close frame in response. (When sending a Close frame in response, the endpoint typically echos the status code
    // it received.)”
    const echo = code === CloseCode.NO_STATUS_RECEIVED ? EMPTY : Buffer.from(bytes.subarray(start, start + 2))
    // §5.5.1: “After both sending and receiving a Close message, an endpoint considers the WebSocket connection closed
    // and MUST close the underlying TCP connection.”
    const info: CloseInfo = { code, reason, wasClean: true, initiator: this.#state === 'open' ? 'remote' : 'local' }
    if (this.#cause !== undefined) info.error = this.#cause
    this.walk('closeFrame', echo, info)
  }

  fail(error: ProtocolError): void {
    const { closeCode: code, message: reason } = error
    const transition = this.transition('violation')
    if (transition === null) return
    // §7.1.7: “the endpoint SHOULD send a Close frame with an appropriate status code (Section 7.4) before proceeding
    // to _Close the WebSocket Connection_.”
    const body = transition.sendsClose ? encodeCloseBody(code, truncateReason(reason)) : EMPTY
    this.walk('violation', body, { code, reason, wasClean: false, initiator: 'local', error })
  }

  receiveEnd(cause?: Error, initiator: CloseInfo['initiator'] = 'transport'): void {
    if (this.transition('end') === null) return
    // §7.1.5: “If _The WebSocket Connection is Closed_ and no Close control frame was received by the endpoint […],
    // _The WebSocket Connection Close Code_ is considered to be 1006.”
    const error = cause ?? endWithoutClose(this.#state)
    this.walk('end', EMPTY, { code: CloseCode.ABNORMAL, reason: '', wasClean: false, initiator, error })
  }

  private transition(event: ClosingEvent): Transition {
    return closingTable[this.#state][event]
  }

  /** @param outcome Required when the event leads to `closed`. */
  private walk(event: ClosingEvent, closeBody: Buffer, outcome?: CloseInfo): void {
    const transition = this.transition(event)
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
