import { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import type { Sendable } from '../connection/send/outgoing.ts'
import type { CloseInfo } from '../core/closing-handshake.ts'
import { WebSocketError } from '../core/errors.ts'
import { WebSocket } from './websocket.ts'

/** A code and a reason, as in the WebSocketStream of browsers. */
export interface StreamCloseInfo {
  closeCode?: number | undefined
  reason?: string | undefined
}

/** A connection in the form of the `WebSocketStream` of browsers: each chunk is one whole message. */
export interface WebSocketStream {
  /** Messages of the peer. It ends with a clean close and fails with any other. */
  readonly readable: ReadableStream<Data>
  /** Messages to the peer; a write is done when there is room for more. Closing it closes the connection with 1000. */
  readonly writable: WritableStream<Sendable>
  /** Resolves at once: the connection is open. */
  readonly opened: Promise<{ readable: ReadableStream<Data>; writable: WritableStream<Sendable>; protocol: string }>
  /** Resolves when the connection was closed cleanly; rejects when it was not. */
  readonly closed: Promise<{ closeCode: number; reason: string }>
  /**
   * Begins the closing handshake (RFC 6455 §7.1.2). Default code 1000.
   *
   * @throws {RangeError} when the code or the reason must not be sent.
   */
  close(info?: StreamCloseInfo): void
}

/**
 * Returns the stream view of a session, or of a connection as `connect` returns it, whose callbacks it then has. What it
 * reads nobody else does.
 */
export function webSocketStream(target: WebSocket | Connection): WebSocketStream {
  const session = target instanceof Connection ? new WebSocket(target) : target
  const { connection } = session
  const close = ({ closeCode, reason = '' }: StreamCloseInfo = {}): void => connection.close(closeCode, reason)
  const closed = new Promise<{ closeCode: number; reason: string }>((resolve, reject) => {
    session.watch({
      onEnd() {
        const info = connection.closeInfo!
        if (info.wasClean) resolve({ closeCode: info.code, reason: info.reason })
        else reject(errorOf(info))
      },
    })
  })
  // Whoever does not ask need not catch.
  closed.catch(() => {})
  const readable = new ReadableStream<Data>(
    {
      async pull(controller) {
        const message = await session.wait()
        if (message !== null) return controller.enqueue(message)
        await closed
        controller.close()
      },
      cancel: (reason) => close(readReason(reason)),
    },
    { highWaterMark: 0 },
  )
  const writable = new WritableStream<Sendable>({
    async write(chunk) {
      if (!(await session.send(chunk))) throw errorOf(connection.closeInfo)
    },
    async close() {
      close()
      await closed
    },
    abort: (reason) => close(readReason(reason)),
  })
  const opened = Promise.resolve({ readable, writable, protocol: session.subprotocol })
  return { readable, writable, opened, closed, close }
}

/** Browsers read code and reason from a WebSocketError; anything else closes without details. */
function readReason(reason: unknown): StreamCloseInfo {
  const { closeCode, reason: text } = Object(reason) as StreamCloseInfo
  return typeof closeCode === 'number' ? { closeCode, reason: typeof text === 'string' ? text : '' } : {}
}

function errorOf(info: CloseInfo | null): Error {
  if (info?.error !== undefined) return info.error
  const what = info === null ? 'the connection is closing' : `the connection was closed with ${info.code}`
  return new WebSocketError('ERR_WS_CLOSED', what)
}
