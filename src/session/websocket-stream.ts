import { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import type { Sendable } from '../connection/send/outgoing.ts'
import type { CloseInfo } from '../core/closing-handshake.ts'
import { WebSocketError } from '../core/errors.ts'
import { WebSocket } from './websocket.ts'

/** A close code and reason, as in the WebSocketStream of browsers. */
export interface StreamCloseInfo {
  closeCode?: number | undefined
  reason?: string | undefined
}

/** A connection with the interface of `WebSocketStream` in browsers. Each chunk is one whole message. */
export interface WebSocketStream {
  /** Messages of the peer. It ends when the connection is closed cleanly, and otherwise fails. */
  readonly readable: ReadableStream<Data>
  /**
   * Messages to the peer. A write completes when more can be sent. Closing it closes the connection with 1000. It fails
   * when the connection is closed by other means.
   */
  readonly writable: WritableStream<Sendable>
  /** Resolves at once, because the connection is open. */
  readonly opened: Promise<{ readable: ReadableStream<Data>; writable: WritableStream<Sendable>; protocol: string }>
  /** Resolves when the connection is closed cleanly, and otherwise rejects. */
  readonly closed: Promise<{ closeCode: number; reason: string }>
  /**
   * Starts the closing handshake (RFC 6455 §7.1.2). Default code 1000.
   *
   * @throws {RangeError} when the code or the reason must not be sent.
   */
  close(info?: StreamCloseInfo): void
}

/**
 * Returns a stream for a session, or for a connection of `connect`, whose callbacks it sets. Messages that the stream
 * reads are not available elsewhere.
 */
export function webSocketStream(target: WebSocket | Connection): WebSocketStream {
  const session = target instanceof Connection ? new WebSocket(target) : target
  const { connection } = session
  const close = ({ closeCode, reason = '' }: StreamCloseInfo = {}): void => connection.close(closeCode, reason)
  const closeFor = (reason: unknown): void => {
    try {
      close(readReason(reason))
    } catch (error) {
      // The user learns that the code is not allowed, but the stream has ended, so the connection ends as well.
      close()
      throw error
    }
  }
  const closed = new Promise<{ closeCode: number; reason: string }>((resolve, reject) => {
    session.watch({
      onEnd() {
        const info = connection.closeInfo!
        if (info.wasClean) resolve({ closeCode: info.code, reason: info.reason })
        else reject(errorOf(info))
      },
    })
  })
  // An unhandled rejection is not reported for users who do not read this promise.
  closed.catch(() => {})
  const readable = new ReadableStream<Data>(
    {
      async pull(controller) {
        const message = await session.wait()
        if (message !== null) return controller.enqueue(message)
        await closed
        controller.close()
      },
      cancel: closeFor,
    },
    { highWaterMark: 0 },
  )
  const writable = new WritableStream<Sendable>({
    start(controller) {
      // A turn later, so that a pipe from `readable` has closed this stream after a clean end.
      const fail = (): unknown => setImmediate(() => controller.error(errorOf(connection.closeInfo)))
      closed.then(fail, fail)
    },
    async write(chunk) {
      if (!(await session.send(chunk))) throw errorOf(connection.closeInfo)
    },
    async close() {
      close()
      await closed
    },
    abort: closeFor,
  })
  const opened = Promise.resolve({ readable, writable, protocol: session.subprotocol })
  return { readable, writable, opened, closed, close }
}

/** Browsers read code and reason from a WebSocketError. For any other reason they close without details. */
function readReason(reason: unknown): StreamCloseInfo {
  const { closeCode, reason: text } = Object(reason) as StreamCloseInfo
  return typeof closeCode === 'number' ? { closeCode, reason: typeof text === 'string' ? text : '' } : {}
}

function errorOf(info: CloseInfo | null): Error {
  if (info?.error !== undefined) return info.error
  const what = info === null ? 'the connection is closing' : `the connection was closed with ${info.code}`
  return new WebSocketError('ERR_WS_CLOSED', what)
}
