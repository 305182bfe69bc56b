import type { ClientRequest } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { PerMessageDeflateOptions } from './deflate.ts'

/** Options of a client: these, and those of `http.request` and `https.request`. */
export interface ClientOptions extends Omit<RequestOptions, 'protocol' | 'timeout'> {
  allowSynchronousEvents?: boolean | undefined
  autoPong?: boolean | undefined
  /** Milliseconds for the closing handshake. Default 30000. */
  closeTimeout?: number | undefined
  finishRequest?: ((request: ClientRequest, socket: unknown) => void) | undefined
  followRedirects?: boolean | undefined
  generateMask?: ((key: Buffer) => void) | undefined
  /** Milliseconds for the opening handshake; again for each redirect. */
  handshakeTimeout?: number | undefined
  maxBufferedChunks?: number | undefined
  maxFragments?: number | undefined
  /** Bytes of one message; 0 for any number. Default 104857600. */
  maxPayload?: number | undefined
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
