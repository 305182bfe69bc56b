import type { ServerResponse } from 'node:http'

/** Sends a response with one line of text (RFC 9110 §15). */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${text}\n`)
}

/**
 * Reports an error and sends a 500 response. A response that has begun is aborted, so that no client considers it
 * complete (§15.6.1). A response that cannot be sent because the application has replaced its methods is also aborted.
 *
 * @param report Must not throw.
 */
export function answerError(response: ServerResponse, error: unknown, report: (error: unknown) => void): void {
  report(error)
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  try {
    for (const name of response.getHeaderNames()) response.removeHeader(name)
    // Node.js then sends the default for the status. HTTP/2 has no status message, and Node.js warns when one is set.
    if (response.req.httpVersionMajor < 2) response.statusMessage = ''
    answerText(response, 500, 'internal error')
  } catch (unsendable) {
    report(unsendable)
    response.destroy()
  }
}

/**
 * Refuses a plain request where a WebSocket request is expected. A request with `Sec-WebSocket-Key` has lost its
 * `Upgrade` field on the way, because a proxy removes hop-by-hop fields unless it is configured to forward them (RFC
 * 9110 §7.6.1).
 */
export function refusePlain(response: ServerResponse, status: number, text: string): void {
  const { headers, httpVersion } = response.req
  const isHandshake = headers['sec-websocket-key'] !== undefined
  const found = `found Sec-WebSocket-Key, but no Upgrade: websocket over HTTP/1.1 (this is HTTP/${httpVersion})`
  answerText(response, status, isHandshake ? `${text}; ${found}: the proxy must forward Upgrade and Connection` : text)
}

/** Responds to a plain request that only WebSocket is supported here (RFC 9110 §15.5.22). */
export function answerUpgradeRequired(response: ServerResponse): void {
  // HTTP/2 has no Upgrade (RFC 9113 §8.6) and so no 426.
  if (response.req.httpVersionMajor > 1) {
    return answerText(response, 400, 'this server speaks WebSocket: send an extended CONNECT request (RFC 8441)')
  }
  response.setHeader('Connection', 'close, Upgrade')
  response.setHeader('Upgrade', 'websocket')
  refusePlain(response, 426, 'this server speaks WebSocket: send an upgrade request (RFC 6455)')
}
