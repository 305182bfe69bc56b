import type { IncomingMessage, Server } from 'node:http'

/**
 * Makes an HTTP server that never listens keep a list of its connections, for its timeouts and for closing them.
 * Undocumented: node starts that list on the server's own `'listening'` event.
 */
export function trackConnections(httpServer: Server): void {
  httpServer.emit('listening')
}

/**
 * Sets the fields of a request that node's parser did not read; `headers` and `headersDistinct` are made from them
 * on first use. Undocumented: `_addHeaderLines` is what node's parser calls.
 *
 * @param rawHeaders Names and values in turn.
 */
export function setRawHeaders(request: IncomingMessage, rawHeaders: string[]): void {
  const message = request as IncomingMessage & { _addHeaderLines(rawHeaders: string[], count: number): void }
  message._addHeaderLines(rawHeaders, rawHeaders.length)
}
