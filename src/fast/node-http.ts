import type { IncomingMessage, Server } from 'node:http'

/**
 * Makes an HTTP server that never listens track its connections, for timeouts and for closing them. Undocumented: Node
 * starts this on the server's own `'listening'` event.
 */
export function trackConnections(httpServer: Server): void {
  httpServer.emit('listening')
}

/**
 * Sets the header fields of a request that Node's parser did not read. `headers` and `headersDistinct` are computed
 * from them on first use. Undocumented: Node's parser calls `_addHeaderLines`.
 *
 * @param rawHeaders Alternating names and values.
 */
export function setRawHeaders(request: IncomingMessage, rawHeaders: string[]): void {
  const message = request as IncomingMessage & { _addHeaderLines(rawHeaders: string[], count: number): void }
  message._addHeaderLines(rawHeaders, rawHeaders.length)
}
