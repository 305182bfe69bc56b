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

/** What every answer of the demo site carries: nothing is loaded from elsewhere, framed or sniffed. */
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
 * The files of one folder and what was added, read once and answered from memory. Any other name is a 404,
 * so no path of a request ever reaches the file system.
 */
export class StaticFiles {
  readonly #files = new Map<string, StaticFile>()

  /** Reads every file of `folder` whose type is known; throws what `node:fs` throws when it cannot. */
  constructor(folder: URL) {
    for (const name of readdirSync(folder)) {
      if (CONTENT_TYPES[extname(name)] !== undefined) this.add(name, new URL(name, folder))
    }
  }

  /** Reads one more file, from elsewhere, whose type is known by `name`; throws what `node:fs` throws when it cannot. */
  add(name: string, url: URL): void {
    const body = readFileSync(url)
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    this.#files.set(name, { body, contentType: CONTENT_TYPES[extname(name)], etag })
  }

  /** Answers `request` with the file `name`: 200, 304 when the browser has it, 404, or 405 unless GET or HEAD. */
  send(name: string, request: IncomingMessage, response: ServerResponse): void {
    const file = this.#files.get(name)
    if (file === undefined) {
      sendText(response, 'not found\n', 404)
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      sendText(response, `found the method ${request.method}, allowed are GET and HEAD\n`, 405)
    } else if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, cacheHeaders(file)).end()
    } else {
      response.writeHead(200, {
        ...cacheHeaders(file),
        'Content-Type': file.contentType,
        'Content-Length': file.body.length,
      })
      response.end(request.method === 'HEAD' ? undefined : file.body)
    }
  }
}

function cacheHeaders(file: StaticFile): Record<string, string> {
  return { ...SECURITY_HEADERS, 'Cache-Control': 'no-cache', ETag: file.etag }
}

/** Answers with plain text that no browser takes for a page. */
export function sendText(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Cache-Control': 'no-store',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}
