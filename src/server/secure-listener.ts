import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer, type SecureServerOptions } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Http2Sessions, type Http2Settings, http2Options } from './http2-server.ts'
import { listenOn, type Port } from './listen-target.ts'

/** The callbacks of a `SecureListener`. */
export interface SecureListenerHost {
  /** Attaches the server to the HTTP server for upgrade requests and extended CONNECT requests. */
  attach(httpServer: Http2SecureServer): void
  /** Called with a plain HTTP request. */
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** Called with an error of the listening socket. */
  reportError(error: unknown): void
}

/** The server's own TLS port for HTTP/2 and HTTP/1.1, which clients choose by ALPN (RFC 9113 §3.2). */
export class SecureListener implements Port {
  readonly #server: Http2SecureServer
  readonly #sessions: Http2Sessions
  readonly #reportError: (error: unknown) => void

  constructor(host: SecureListenerHost, options: SecureServerOptions, settings: Http2Settings) {
    const { handshakeTimeout, keepAliveTimeout, maxHeaderSize } = settings
    const own = { handshakeTimeout, maxHeaderSize, allowHTTP1: true, ...http2Options(options, settings) }
    const server = createSecureServer(own)
    this.#server = server
    this.#reportError = host.reportError
    // Node reads these properties for HTTP/1.1 connections.
    Object.assign(server, { headersTimeout: handshakeTimeout, keepAliveTimeout })
    this.#sessions = new Http2Sessions(server, settings, (request, response) => host.onRequest(request, response))
    host.attach(server)
  }

  address(): AddressInfo | string | null {
    return this.#server.address()
  }

  listen(portOrPath: number | string, host: string): Promise<AddressInfo | string> {
    return listenOn(this.#server, portOrPath, host, this.#reportError)
  }

  close(deadline: number): Promise<void> {
    const timer = setTimeout(() => this.#sessions.destroySoon(), deadline)
    return new Promise((resolve) => {
      this.#server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      this.#sessions.close()
      ;(this.#server as unknown as Server).closeIdleConnections?.()
    })
  }
}
