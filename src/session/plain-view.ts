import type { ServerResponse } from 'node:http'

/**
 * Runs a view for plain HTTP (RFC 9110 §15). A string or bytes that it returns are the answer, unless it has begun one
 * itself: as `text/plain` or `application/octet-stream` where it has set no Content-Type. Anything else it returns is
 * left alone. What it throws goes to `fail`.
 */
export function answerPlain(
  run: () => unknown,
  response: ServerResponse,
  fail: (error: unknown) => void,
): void | Promise<void> {
  try {
    const result = run()
    if (isThenable(result)) return Promise.resolve(result).then((value) => sendResult(response, value), fail)
    sendResult(response, result)
  } catch (error) {
    fail(error)
  }
}

/** Answers with a line of text (RFC 9110 §15). */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(`${text}\n`)
}

/** Answers 500 for a view that threw; an answer it had begun is cut off, so that nobody takes it for whole (§15.6.1). */
export function failPlain(response: ServerResponse, error: unknown, report: (error: unknown) => void): void {
  report(error)
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy()
    return
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  answerText(response, 500, 'internal error')
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function sendResult(response: ServerResponse, value: unknown): void {
  if (response.headersSent || response.writableEnded) return
  const isText = typeof value === 'string'
  if (!isText && !(value instanceof Uint8Array)) return
  if (!response.hasHeader('Content-Type')) {
    response.setHeader('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/octet-stream')
  }
  response.end(value)
}
