import { encodeFrame } from '../core/frame-encoder.ts'
import { PerMessageDeflate } from './deflate.ts'
import { extension, subprotocol } from './header.ts'
import { WebSocketServer } from './server.ts'
import { createWebSocketStream } from './stream.ts'
import { WebSocket } from './websocket.ts'

/** The settings of a frame, as npm ws names them. */
interface FrameOptions {
  opcode: number
  fin?: boolean | undefined
  rsv1?: boolean | undefined
  mask?: boolean | undefined
}

/** Exists for `Sender.frame`. */
export class Sender {
  /** @throws {Error} always: a sender belongs to a socket. */
  constructor() {
    throw new Error('Sender is not supported; allowed: Sender.frame()')
  }

  /** Encodes one frame; returns its header and its payload, when it has one. */
  static frame(data: Buffer | string, { opcode, fin = true, rsv1 = false, mask = false }: FrameOptions): Buffer[] {
    const maskingKey = mask ? crypto.getRandomValues(new Uint8Array(4)) : undefined
    const payload = Buffer.from(data as Buffer)
    const frame = encodeFrame(opcode, payload, { fin, rsv1, maskingKey })
    const payloadAt = frame.length - payload.length
    return payload.length === 0 ? [frame] : [frame.subarray(0, payloadAt), frame.subarray(payloadAt)]
  }
}

/** Exists for programs that import it. */
export class Receiver {
  /** @throws {Error} always: a receiver belongs to a socket. */
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
