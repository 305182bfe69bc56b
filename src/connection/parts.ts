import type { Duplex } from 'node:stream'
import { CloseCode } from '../core/close-code.ts'
import type { CloseInfo } from '../core/closing-handshake.ts'
import type { Role } from '../core/frame-parser.ts'
import { PauseReason } from '../core/input-gate.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { Protocol, type ProtocolOptions } from '../core/protocol.ts'
import { fastEngine } from '../fast/engine.ts'
import { waitingWrites } from '../fast/socket-internals.ts'
import { describe } from '../options/read-options.ts'
import { probePeer } from '../transport/probe.ts'
import { acceptedBytes, ownStream } from '../transport/stream-owner.ts'
import { callUser, watchResult } from '../user-code/user-code.ts'
import { captureContext, inContextOf, runInContextOf } from './context.ts'
import { channels } from './diagnostics.ts'
import {
  type ConnectionHost,
  type ConnectionSetup,
  NOTHING_STORED,
  type PublicConnection,
  type SessionMemory,
} from './host.ts'
import type { ConnectionLimits } from './limits.ts'
import type { Link } from './link.ts'
import { Inbound } from './receive/inbound.ts'
import { Outbound } from './send/outbound.ts'
import { WAITING_OVERHEAD } from './send/outgoing.ts'
import { addUnready, removeUnready, unreadyConnections } from './unready.ts'
import { isKeepalivePong, type Snapshot, Watchdog, type Watched } from './watch/watchdog.ts'

/** Replaces the list of callers that wait for the end, once the connection has ended. */
const GONE: (() => void)[] = []

/** The options of protocols without a codec. All connections with the same limits share them. */
const plainOptions = new WeakMap<ConnectionLimits, ProtocolOptions>()

function protocolOptions(role: Role, limits: ConnectionLimits, codec: MessageCodec | null): ProtocolOptions {
  const shared = codec === null ? plainOptions.get(limits) : undefined
  if (shared?.role === role) return shared
  const options = { role, limits, codec, engine: fastEngine }
  if (codec === null) plainOptions.set(limits, options)
  return options
}

/** Owns the parts of one connection, and handles its end and everything else that concerns several parts. */
export class Parts implements Link, Watched {
  readonly connection: PublicConnection
  readonly stream: Duplex
  readonly host: ConnectionHost
  readonly limits: ConnectionLimits
  readonly protocol: Protocol
  readonly watchdog: Watchdog
  readonly #inbound: Inbound
  /** Exists only while something is sent or received; with a codec, as long as the connection. */
  #outbound: Outbound | null = null
  closeInfo: CloseInfo | null = null
  /** Functions that resolve the promises of `gone`; null when there are none, `GONE` when the stream has closed. */
  #awaitingEnd: (() => void)[] | null = null
  /** The memory in bytes that was last reported to the host. */
  #reportedMemory = 0
  #sentMessages = 0
  #stored = NOTHING_STORED

  constructor(connection: PublicConnection, stream: Duplex, setup: ConnectionSetup) {
    const { host, limits, role, codec = null } = setup
    this.connection = connection
    this.stream = stream
    this.host = host
    this.limits = limits
    this.#inbound = new Inbound(this, codec !== null)
    this.protocol = new Protocol(this.#inbound, protocolOptions(role, limits, codec))
    if (codec !== null) this.#outbound = new Outbound(this, codec)
    this.watchdog = new Watchdog(this)
  }

  /** Starts to read, beginning with `head`. Input is delivered after the current tick. */
  start(head: Buffer | undefined): void {
    const { connection, stream } = this
    captureContext(connection)
    const owner = inContextOf(connection, this.#inbound)
    // The peer may have disconnected before the upgrade was accepted: 'close' was already emitted.
    if (stream.closed) process.nextTick(() => owner.onStreamClose())
    if (head !== undefined && head.length > 0) process.nextTick(() => owner.onBytes(head, 0, head.length))
    ownStream(stream, owner)
  }

  get output(): Outbound {
    this.#outbound ??= new Outbound(this, null)
    return this.#outbound
  }

  get bufferedAmount(): number {
    return this.#outbound === null ? this.stream.writableLength : this.#outbound.bufferedAmount
  }

  get queuedBytes(): () => number {
    return this.#stored.queuedBytes
  }

  set queuedBytes(queuedBytes: () => number) {
    this.#stored = { queuedBytes, session: this.#stored.session }
  }

  countSession(session: SessionMemory): void {
    this.#stored = { queuedBytes: this.#stored.queuedBytes, session }
  }

  /** See `Connection.memoryUsed`. */
  get memoryUsed(): number {
    const { queuedBytes, session } = this.#stored
    const queued: unknown = queuedBytes.call(this.connection)
    if (typeof queued !== 'number') {
      watchResult(queued, (error) => this.reportError(error))
      throw new TypeError(`queuedBytes() returned ${describe(queued)}; allowed: a number`)
    }
    const { bufferedAmount } = this
    // A write that waits in the stream needs more memory than its bytes.
    const overhead = bufferedAmount === 0 ? 0 : waitingWrites(this.stream) * WAITING_OVERHEAD
    // A paused stream over HTTP/2 or TLS stores what arrives, up to its window.
    const unread = this.protocol.isPaused ? this.stream.readableLength : 0
    const stored = session === null ? queued : queued + session.bytes
    return this.protocol.memoryUsed + unread + bufferedAmount + overhead + stored
  }

  account(): void {
    let used: number
    try {
      used = this.memoryUsed
    } catch (error) {
      // `queuedBytes` is not called again, because sending the Close frame calls this method as well.
      this.queuedBytes = NOTHING_STORED.queuedBytes
      this.onUserError(error)
      return
    }
    if (unreadyConnections.size > 0 && this.bufferedAmount === 0 && this.protocol.state === 'open') {
      removeUnready(this.connection)
    }
    if (used === this.#reportedMemory) return
    this.host.onMemoryChange(used - this.#reportedMemory)
    this.#reportedMemory = used
  }

  onWaiting(): void {
    // A closed connection has left its rooms, and nothing would remove it from the set.
    if (this.closeInfo === null) addUnready(this.connection)
    this.account()
  }

  /**
   * Sends a ping at once. The wheel pings many connections in one tick: writing at the end of the tick would need a
   * buffer for each of them, and would load the state of each into the processor's cache a second time.
   */
  ping(payload: Uint8Array): void {
    const { output } = this
    output.cork()
    output.ping(payload)
    output.uncork()
  }

  /** Releases what an idle connection does not need. Creating it again takes less than a microsecond. */
  releaseIdleMemory(): void {
    this.protocol.releaseIdleMemory()
    if (this.#outbound?.releaseIdleMemory()) this.#outbound = null
  }

  /** Reads one more chunk. `Inbound` pauses the stream after it. */
  readAhead(): void {
    this.stream.resume()
  }

  probe(): boolean {
    return probePeer(this.stream, this.limits.pingInterval)
  }

  /**
   * Ends the pause. When a callback pauses again, ends that pause as well, until nothing is waiting or the codec is
   * busy.
   */
  deliverBacklog(): void {
    const { protocol } = this
    let before: number
    do {
      before = protocol.backlogBytes
      protocol.resume(PauseReason.READER | PauseReason.RATE | PauseReason.TURN)
    } while (protocol.isPaused && protocol.backlogBytes < before)
  }

  snapshot(): Snapshot {
    const { protocol } = this
    return {
      isPaused: (protocol.pauseReasons & ~PauseReason.TURN) !== 0,
      backlogBytes: protocol.backlogBytes,
      hasEnded: this.stream.readableEnded,
      pending: protocol.pending,
      frameCount: protocol.frameCount,
      receivedBytes: this.#inbound.receivedBytes,
      receivedMessages: this.#inbound.receivedMessages,
      sentMessages: this.#sentMessages,
      unacceptedBytes: this.stream.writableLength,
      bufferedAmount: this.bufferedAmount,
      acceptedBytes: acceptedBytes(this.stream),
    }
  }

  countSentMessages(count: number): void {
    this.#sentMessages += count
    this.host.traffic.sentMessages += count
  }

  countSentFragment(): void {
    this.#sentMessages++
  }

  /** Delivers received messages in parts from now on. */
  streamMessages(onStream: Parameters<Inbound['streamMessages']>[0]): void {
    this.#inbound.streamMessages(onStream)
  }

  acceptPong(payload: Buffer): boolean {
    const latency = this.watchdog.acceptPong(payload, this.#inbound.receivedBytes)
    if (latency === null) return isKeepalivePong(payload)
    this.host.traffic.countLatency(latency)
    return true
  }

  startClosing(): void {
    addUnready(this.connection)
    this.watchdog.startClosing()
  }

  onClosed(info: CloseInfo): void {
    const { connection, host } = this
    // A session leaves its rooms in `onClose`. Until then, it may still be a member.
    addUnready(connection)
    this.watchdog.stop()
    this.closeInfo = info
    host.traffic.countClose(info.code)
    this.#outbound?.onClosed()
    // The caller may be another connection or the server.
    runInContextOf(connection, () => {
      if (channels.close.hasSubscribers) channels.close.publish({ connection, info })
      callUser(
        () => connection.onClose(info),
        (error) => this.reportError(error),
      )
    })
    removeUnready(connection)
    this.account()
    this.endStream()
  }

  /** Ends this side of the stream. Input is read and discarded from now on, for at most `closeTimeout`. */
  endStream(): void {
    const { stream } = this
    this.#outbound?.flush()
    if (stream.destroyed || stream.writableEnded) return
    stream.end()
    // Also necessary when the peer has ended its side, because it may never read what was sent.
    this.watchdog.startClosing()
    stream.resume()
  }

  onGone(): void {
    const waiting = this.#awaitingEnd
    if (waiting === GONE) return
    this.#awaitingEnd = GONE
    // Node closes a socket whose peer has ended, even when it is paused.
    this.deliverBacklog()
    this.protocol.receiveEnd()
    this.watchdog.stop()
    this.host.onMemoryChange(-this.#reportedMemory)
    this.#reportedMemory = 0
    this.host.onGone(this.connection)
    for (const resolve of waiting ?? []) resolve()
  }

  /** Resolves when the stream has closed. */
  get gone(): Promise<void> {
    // `stream.closed` becomes true before 'close' is emitted, so it cannot be used here.
    if (this.#awaitingEnd === GONE) return Promise.resolve()
    return new Promise((resolve) => {
      this.#awaitingEnd ??= []
      this.#awaitingEnd.push(resolve)
    })
  }

  onUserError(error: unknown): void {
    this.reportError(error)
    this.connection.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error')
  }

  reportError(error: unknown): void {
    const { connection, host } = this
    if (channels.error.hasSubscribers) channels.error.publish({ connection, error })
    host.reportError(error)
  }
}
