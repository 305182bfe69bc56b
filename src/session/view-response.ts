import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { HeaderFields } from '../handshake/header-field.ts'

/**
 * Returns the header fields that an app or view has set on its response, for the 101 response (RFC 6455 §4.2.2). Sets
 * the status of the response to 101, for access logs.
 */
export function readResponseFields(response: ServerResponse): HeaderFields {
  if (!response.headersSent) {
    response.statusCode = 101
    // Libraries such as on-headers replace `writeHead` and set their header fields in it.
    if (Object.hasOwn(response, 'writeHead')) response.writeHead(101)
  }
  const fields: Record<string, string | readonly string[]> = {}
  for (const name of response.getHeaderNames()) {
    const value = response.getHeader(name)!
    // Node returns names in lower case, but strict peers expect the usual capitalization.
    fields[name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())] = Array.isArray(value)
      ? value
      : String(value)
  }
  return fields
}

/**
 * Returns whether the end of the response of an accepted upgrade may have listeners. A view may still add some later.
 */
export function isObserved(response: ServerResponse): boolean {
  return response.socket !== null || response.eventNames().length > 0 || Object.hasOwn(response, 'end')
}

/**
 * Ends the response of an accepted upgrade, so that `finish` handlers run, such as those of access logs and session
 * stores.
 */
export function finishResponse(response: ServerResponse): void {
  if (response.writableEnded || response.destroyed) return
  if (response.socket === null) {
    if (!isObserved(response)) return
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
    response.assignSocket(sink as Socket)
    response.once('finish', () => sink.destroy())
  }
  response.end()
}
