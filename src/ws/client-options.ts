import type { ClientRequest } from 'node:http'
import type { RequestOptions } from 'node:https'
import type { PerMessageDeflateOptions } from './deflate.ts'

/** Options of a client, in addition to those of `http.request` and `https.request`. */
export interface ClientOptions
  extends Omit<RequestOptions, 'protocol' | 'timeout' | 'createConnection' | 'checkServerIdentity'> {
  allowSynchronousEvents?: boolean | undefined
  autoPong?: boolean | undefined
  // biome-ignore lint/suspicious/noExplicitAny: the type of node:tls; @types/ws declares another one
  checkServerIdentity?: ((...args: any[]) => unknown) | undefined
  /** Time limit for the closing handshake, in milliseconds. Default 30000. */
  closeTimeout?: number | undefined
  // biome-ignore lint/suspicious/noExplicitAny: the options of net, tls, http or an agent
  createConnection?: ((options: any, ...rest: any[]) => unknown) | undefined
  // biome-ignore lint/suspicious/noExplicitAny: the socket, whose type imports this file
  finishRequest?: ((request: ClientRequest, socket: any) => void) | undefined
  followRedirects?: boolean | undefined
  generateMask?: ((key: Buffer) => void) | undefined
  /** Time limit for the opening handshake, in milliseconds. It starts again with each redirect. Default: none. */
  handshakeTimeout?: number | undefined
  maxBufferedChunks?: number | undefined
  maxFragments?: number | undefined
  /** Maximum size of a message in bytes; 0 means no limit. Default 104857600. */
  maxPayload?: number | undefined
  /** Maximum number of pongs that wait to be sent; one more terminates the connection. 0 means no limit. Default 60. */
  maxPendingAutoPongs?: number | undefined
  maxRedirects?: number | undefined
  origin?: string | undefined
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
  protocols?: string | readonly string[] | undefined
  protocolVersion?: number | undefined
  skipUTF8Validation?: boolean | undefined
}

/** Removes options that are undefined, so that their defaults apply. */
export function withoutUndefined(options: ClientOptions): ClientOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
