import type { ServerResponse } from 'node:http'

/** Answers with a line of text (RFC 9110 §15). */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${text}\n`)
}

/** Answers 500 after an error; a response that has begun is cut off, so that no client takes it for complete (§15.6.1). */
export function answerError(response: ServerResponse): void {
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  answerText(response, 500, 'internal error')
}

/** Tells a plain request that only WebSocket is spoken here (RFC 9110 §15.5.22). */
export function answerUpgradeRequired(response: ServerResponse): void {
  response.setHeader('Connection', 'close, Upgrade')
  response.setHeader('Upgrade', 'websocket')
  answerText(response, 426, 'this server speaks WebSocket: send an upgrade request (RFC 6455)')
}
