import type { ServerResponse } from 'node:http'
import { bytesOf } from '../core/bytes.ts'
import { answerError } from '../server/plain-response.ts'

/**
 * Runs a view for plain HTTP (RFC 9110 §15). A string or bytes that it returns are the response body, unless it has
 * begun a response itself: as `text/plain` or `application/octet-stream` when it has set no Content-Type. Anything else
 * it returns is ignored. What it throws goes to `fail`.
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

/** Reports what a view threw and answers 500 (RFC 9110 §15.6.1). */
export function failPlain(response: ServerResponse, error: unknown, report: (error: unknown) => void): void {
  report(error)
  answerError(response)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function sendResult(response: ServerResponse, value: unknown): void {
  if (response.headersSent || response.writableEnded) return
  const isText = typeof value === 'string'
  const body = isText ? value : bytesOf(value)
  if (body === null) return
  if (!response.hasHeader('Content-Type')) {
    response.setHeader('Content-Type', isText ? 'text/plain; charset=utf-8' : 'application/octet-stream')
  }
  response.end(body)
}
