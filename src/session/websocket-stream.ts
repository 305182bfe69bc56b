import { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import type { Sendable } from '../connection/send/outgoing.ts'
import type { CloseInfo } from '../core/closing-handshake.ts'
import { WebSocketError } from '../core/errors.ts'
import { describe } from '../options/read-options.ts'
import { WebSocket } from './websocket.ts'

/** A close code and reason, as in the WebSocketStream of browsers. */
export interface StreamCloseInfo {
  /** The close code. Default 1000. */
  closeCode?: number | undefined
  /** The close reason, at most 123 bytes of UTF-8. Default `''`. */
  reason?: string | undefined
}

/** A connection with the interface of `WebSocketStream` in browsers. Each chunk of its streams is one whole message. */
export interface WebSocketStream {
  /** The messages from the peer. The stream closes when the connection is closed cleanly; otherwise it errors. */
  readonly readable: ReadableStream<Data>
  /**
   * The messages to the peer. The promise of a write resolves when more can be sent, also if the message was dropped
   * (`overflow: 'drop'`). Closing the stream closes the connection with 1000. The stream errors when the connection is
   * closed in any other way.
   */
  readonly writable: WritableStream<Sendable>
  /** Resolves at once, because the connection is already open. */
  readonly opened: Promise<{ readable: ReadableStream<Data>; writable: WritableStream<Sendable>; protocol: string }>
  /** Resolves when the connection is closed cleanly. Rejects when it is closed in any other way. */
  readonly closed: Promise<{ closeCode: number; reason: string }>
  /**
   * Starts the closing handshake (RFC 6455 §7.1.2).
   *
   * @throws {RangeError} when the code must not be sent, or the reason has more than 123 bytes.
   * @throws {TypeError} when the reason is not a string.
   */
  close(info?: StreamCloseInfo): void
}

/**
 * Returns a stream for a session or for a connection, such as one from `connect`. It sets the callbacks `onMessage` and
 * `onClose` of a connection. A message that is read from the stream cannot be read from the session as well.
 *
 * @throws {TypeError} when `target` is neither a session nor a connection.
 */
export function webSocketStream(target: WebSocket | Connection): WebSocketStream {
  const session = target instanceof Connection ? new WebSocket(target) : target
  if (!(session instanceof WebSocket)) {
    throw new TypeError(`target is ${describe(target)}; allowed: a session or a connection from connect`)
  }
  const { connection } = session
  const close = ({ closeCode, reason = '' }: StreamCloseInfo = {}): void => connection.close(closeCode, reason)
  const closed = watchEnd(session)
  const readable = createReadable(session, closed)
  const writable = createWritable(session, closed)
  const opened = Promise.resolve({ readable, writable, protocol: session.subprotocol })
  return { readable, writable, opened, closed, close }
}

function watchEnd(session: WebSocket): WebSocketStream['closed'] {
  const closed = new Promise<{ closeCode: number; reason: string }>((resolve, reject) => {
    session.watch({
      onEnd() {
        const info = session.connection.closeInfo!
        if (info.wasClean) resolve({ closeCode: info.code, reason: info.reason })
        else reject(errorOf(info))
      },
    })
  })
  // Users who do not read this promise must not get an unhandled rejection.
  closed.catch(() => {})
  return closed
}

function createReadable(session: WebSocket, closed: Promise<unknown>): ReadableStream<Data> {
  return new ReadableStream<Data>(
    {
      async pull(controller) {
        const message = await session.wait()
        if (message !== null) return controller.enqueue(message)
        await closed
        controller.close()
      },
      cancel: (reason) => closeFor(session.connection, reason),
    },
    { highWaterMark: 0 },
  )
}

function createWritable(session: WebSocket, closed: Promise<unknown>): WritableStream<Sendable> {
  const { connection } = session
  return new WritableStream<Sendable>({
    start(controller) {
      // Delayed by one turn of the event loop, so that a pipe from `readable` has closed this stream after a clean end.
      const fail = (): unknown => setImmediate(() => controller.error(errorOf(connection.closeInfo)))
      closed.then(fail, fail)
    },
    async write(chunk) {
      // A message that was dropped (`overflow: 'drop'`) is no error of the stream.
      if (!(await session.send(chunk)) && connection.state !== 'open') throw errorOf(connection.closeInfo)
    },
    async close() {
      connection.close()
      await closed
    },
    abort: (reason) => closeFor(connection, reason),
  })
}

/**
 * Closes the connection with the code and reason of an error.
 *
 * @throws {RangeError} when the code or reason must not be sent. The connection is then closed with 1000.
 */
function closeFor(connection: Connection, error: unknown): void {
  const { closeCode, reason = '' } = readReason(error)
  try {
    connection.close(closeCode, reason)
  } catch (invalid) {
    // The stream has ended, so the connection ends as well.
    connection.close()
    throw invalid
  }
}

/** Returns the code and reason of an error such as `WebSocketError` of browsers; neither for any other value. */
function readReason(reason: unknown): StreamCloseInfo {
  const { closeCode, reason: text } = Object(reason) as StreamCloseInfo
  return typeof closeCode === 'number' ? { closeCode, reason: typeof text === 'string' ? text : '' } : {}
}

function errorOf(info: CloseInfo | null): Error {
  if (info?.error !== undefined) return info.error
  const what = info === null ? 'the connection is closing' : `the connection was closed with ${info.code}`
  return new WebSocketError('ERR_WS_CLOSED', what)
}
