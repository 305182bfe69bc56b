import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import type { HeaderFields } from '../handshake/header-field.ts'

/**
 * The fields that an app or a view has set on its response, for the 101 (RFC 6455 §4.2.2). Its status becomes 101, for
 * access logs.
 */
export function readResponseFields(response: ServerResponse): HeaderFields {
  if (!response.headersSent) {
    response.statusCode = 101
    // Libraries such as on-headers replace `writeHead` and set their fields in it.
    if (Object.hasOwn(response, 'writeHead')) response.writeHead(101)
  }
  const fields: Record<string, string | readonly string[]> = {}
  for (const name of response.getHeaderNames()) {
    const value = response.getHeader(name)!
    // Node returns names in lower case; strict peers and people expect the usual form.
    fields[name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())] = Array.isArray(value)
      ? value
      : String(value)
  }
  return fields
}

/** Whether somebody may wait for the end of the response of an accepted upgrade; a view may still do so later. */
export function isObserved(response: ServerResponse): boolean {
  return response.socket !== null || response.eventNames().length > 0 || Object.hasOwn(response, 'end')
}

/** Ends the response of an accepted upgrade, so that `finish` handlers run: access logs, stores of sessions. */
export function finishResponse(response: ServerResponse): void {
  if (response.writableEnded) return
  if (response.socket === null) {
    if (!isObserved(response)) return
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
    response.assignSocket(sink as Socket)
    response.once('finish', () => sink.destroy())
  }
  response.end()
}
