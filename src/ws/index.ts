import { encodeFrame } from '../core/frame-encoder.ts'
import { PerMessageDeflate } from './deflate.ts'
import { extension, subprotocol } from './header.ts'
import { WebSocketServer } from './server.ts'
import { createWebSocketStream } from './stream.ts'
import { WebSocket } from './websocket.ts'

/** The properties of a frame, named as in npm ws. */
interface FrameOptions {
  opcode: number
  fin?: boolean | undefined
  rsv1?: boolean | undefined
  mask?: boolean | undefined
}

/** Exported for programs that call `Sender.frame`; it cannot be constructed. */
export class Sender {
  /** @throws {Error} always: only a socket creates senders. */
  constructor() {
    throw new Error('Sender is not supported; allowed: Sender.frame()')
  }

  /** Encodes one frame. Returns its header, and its payload in a second Buffer unless the payload is empty. */
  static frame(data: Buffer | string, { opcode, fin = true, rsv1 = false, mask = false }: FrameOptions): Buffer[] {
    const maskingKey = mask ? crypto.getRandomValues(new Uint8Array(4)) : undefined
    const payload = Buffer.from(data as Buffer)
    const frame = encodeFrame(opcode, payload, { fin, rsv1, maskingKey })
    const payloadAt = frame.length - payload.length
    return payload.length === 0 ? [frame] : [frame.subarray(0, payloadAt), frame.subarray(payloadAt)]
  }
}

/** Exported for programs that import it; it cannot be constructed. */
export class Receiver {
  /** @throws {Error} always: only a socket creates receivers. */
  constructor() {
    throw new Error('Receiver is not supported')
  }
}

Object.assign(WebSocket, {
  WebSocket,
  WebSocketServer,
  Server: WebSocketServer,
  createWebSocketStream,
  Sender,
  Receiver,
  PerMessageDeflate,
  extension,
  subprotocol,
})

export type { BoundsOptions } from './bounds.ts'
export type { ClientOptions } from './client-options.ts'
export type { PerMessageDeflateOptions } from './deflate.ts'
export type { ServerOptions, VerifyClient, VerifyInfo } from './server.ts'
export type { BinaryType, RawData, SendOptions } from './socket-options.ts'
export {
  createWebSocketStream,
  extension,
  PerMessageDeflate,
  subprotocol,
  WebSocket,
  WebSocket as default,
  WebSocket as 'module.exports',
  WebSocketServer,
}
