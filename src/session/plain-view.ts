import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { bytesOf } from '../core/bytes.ts'
import { describe } from '../options/read-options.ts'

/** Time limit in milliseconds for a response to begin after its view has returned. */
const RESPONSE_TIMEOUT = 120_000

/**
 * Runs a view for plain HTTP (RFC 9110 §15) and sends its result, unless the view has begun a response itself. A string
 * is sent as `text/plain`, bytes as `application/octet-stream`, a web `Response` unchanged, plain objects, arrays,
 * numbers and booleans as JSON, and null as 204. When a view returns undefined, 204 is sent if it has no parameter for
 * the response; otherwise it responds later. Errors and values of other types are passed to `fail`.
 *
 * @param isWhole Whether the result is the complete response, because the view has no parameter for the response.
 */
export function answerPlain(
  run: () => unknown,
  response: ServerResponse,
  fail: (error: unknown) => void,
  isWhole: boolean,
): void | Promise<void> {
  try {
    const result = run()
    const send = (value: unknown): void | Promise<void> => sendResult(response, value, fail, isWhole)
    // The body of a web Response may fail later, even when the view itself is synchronous.
    const sent = isThenable(result) ? Promise.resolve(result).then(send) : send(result)
    return sent?.catch(fail)
  } catch (error) {
    fail(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

function sendResult(
  response: ServerResponse,
  value: unknown,
  fail: (error: unknown) => void,
  isWhole: boolean,
): void | Promise<void> {
  if (response.headersSent || response.writableEnded) return
  if (typeof value === 'string') return send(response, 'text/plain; charset=utf-8', value)
  const bytes = bytesOf(value)
  if (bytes !== null) return send(response, 'application/octet-stream', bytes)
  if (isTagged(value, 'Response')) return sendWebResponse(response, value as Response)
  if (isJson(value)) return send(response, 'application/json; charset=utf-8', JSON.stringify(value))
  if (value === null || (value === undefined && isWhole)) {
    response.statusCode = 204
    response.end()
    return
  }
  if (isWhole) throw new TypeError(`a view returned ${describe(value)}; allowed: ${ALLOWED}`)
  awaitResponse(response, fail)
}

const ALLOWED = 'text, bytes, a Response, JSON, null or undefined'

/** Limits the time for a view that has a parameter for the response and responds after it has returned. */
function awaitResponse(response: ServerResponse, fail: (error: unknown) => void): void {
  const timer = setTimeout(() => {
    if (response.headersSent || response.writableEnded) return
    fail(new Error(`a view returned but did not respond within ${RESPONSE_TIMEOUT} ms`))
  }, RESPONSE_TIMEOUT)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', type)
  response.end(body)
}

async function sendWebResponse(
  response: ServerResponse,
  { status, statusText, headers, body }: Response,
): Promise<void> {
  response.statusCode = status
  if (statusText !== '') response.statusMessage = statusText
  for (const [name, value] of headers) if (name !== 'set-cookie') response.setHeader(name, value)
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) response.setHeader('Set-Cookie', cookies)
  if (body === null) response.end()
  else await pipeline(Readable.fromWeb(body as never), response)
}

/** Returns whether a value is an instance of a built-in class, from any realm. */
function isTagged(value: unknown, tag: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${tag}]`
}

/** Returns whether JSON represents the whole value. A Map, for example, would become `{}`. */
function isJson(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return true
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value) || typeof (value as { toJSON?: unknown }).toJSON === 'function') return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
