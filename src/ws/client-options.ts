import type { ClientRequest } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { PerMessageDeflateOptions } from './deflate.ts'

/** Options of a client: these, and those of `http.request` and `https.request`. */
export interface ClientOptions
  extends Omit<RequestOptions, 'protocol' | 'timeout' | 'createConnection' | 'checkServerIdentity'> {
  allowSynchronousEvents?: boolean | undefined
  autoPong?: boolean | undefined
  // biome-ignore lint/suspicious/noExplicitAny: that of tls; @types/ws has another one
  checkServerIdentity?: ((...args: any[]) => unknown) | undefined
  /** Milliseconds for the closing handshake. Default 30000. */
  closeTimeout?: number | undefined
  // biome-ignore lint/suspicious/noExplicitAny: that of net, tls, http or an agent
  createConnection?: ((options: any, ...rest: any[]) => unknown) | undefined
  // biome-ignore lint/suspicious/noExplicitAny: the socket, whose type imports this file
  finishRequest?: ((request: ClientRequest, socket: any) => void) | undefined
  followRedirects?: boolean | undefined
  generateMask?: ((key: Buffer) => void) | undefined
  /** Milliseconds for the opening handshake; anew for each redirect. */
  handshakeTimeout?: number | undefined
  maxBufferedChunks?: number | undefined
  maxFragments?: number | undefined
  /** Bytes of one message; 0 for any number. Default 104857600. */
  maxPayload?: number | undefined
  /** Pings that wait to be answered; more end the connection. 0 for any number. Default 60. */
  maxPendingAutoPongs?: number | undefined
  maxRedirects?: number | undefined
  origin?: string | undefined
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
  protocols?: string | readonly string[] | undefined
  protocolVersion?: number | undefined
  skipUTF8Validation?: boolean | undefined
}

/** An option that is undefined has its default. */
export function withoutUndefined(options: ClientOptions): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
