import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'

const CONTENT_TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Header fields of every response of the demo site: nothing is loaded from elsewhere, framed or sniffed. */
const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
}

interface StaticFile {
  readonly body: Buffer
  readonly contentType: string
  readonly etag: string
}

/**
 * The files of one folder, and added ones, read once and sent from memory. Any other name is a 404: no path of a
 * request reaches the file system.
 */
export class StaticFiles {
  readonly #files = new Map<string, StaticFile>()

  /**
   * Reads every file of `folder` whose type is known.
   *
   * @throws {Error} when `node:fs` cannot read it.
   */
  constructor(folder: URL) {
    for (const name of readdirSync(folder)) {
      if (CONTENT_TYPES[extname(name)] !== undefined) this.add(name, new URL(name, folder))
    }
  }

  /**
   * Reads one more file; the type follows from `name`.
   *
   * @throws {Error} when `node:fs` cannot read it.
   */
  add(name: string, url: URL): void {
    this.#files.set(name, makeFile(readFileSync(url), CONTENT_TYPES[extname(name)]))
  }

  /** Responds with the file `name`: 200, 304 when the browser has it, 404, or 405 unless GET or HEAD. */
  send(name: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.#files.get(name)
    if (file === undefined) sendText(response, 'not found\n', 404)
    else sendFile(file, request, response)
  }
}

/** Responds with an HTML page: 200, 304 when the browser has it, or 405 unless GET or HEAD. */
export function sendHtml(html: string, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Vary', 'Accept-Language')
  sendFile(makeFile(Buffer.from(html), CONTENT_TYPES['.html']), request, response)
}

/** Responds with plain text, which no browser shows as a page. */
export function sendText(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Cache-Control': 'no-store',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}

function makeFile(body: Buffer, contentType: string): StaticFile {
  return { body, contentType, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

function sendFile(file: StaticFile, request: IncomingMessage, response: ServerResponse): void {
  const headers = { ...SECURITY_HEADERS, 'Cache-Control': 'no-cache', ETag: file.etag }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    sendText(response, `the method is ${request.method}; allowed: GET, HEAD\n`, 405)
  } else if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304, headers).end()
  } else {
    response.writeHead(200, { ...headers, 'Content-Type': file.contentType, 'Content-Length': file.body.length })
    response.end(request.method === 'HEAD' ? undefined : file.body)
  }
}
