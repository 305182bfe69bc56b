import type { HeaderFields } from '../handshake/header-field.ts'
import { sendExtendedConnect } from './extended-connect.ts'
import { type HandshakeRequest, type HandshakeResponse, sendHandshake } from './handshake-request.ts'
import { readUrl } from './url.ts'

const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308])
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/** Sends a request and follows up to `maxRedirects` redirects. Resolves to the last response (RFC 6455 §4.1). */
export async function followRedirects(
  first: HandshakeRequest,
  maxRedirects: number,
  signal: AbortSignal,
): Promise<HandshakeResponse> {
  let request = first
  for (let count = 0; ; count++) {
    const send = request.http2 === false ? sendHandshake : sendExtendedConnect
    const response = await send(request, signal)
    const next = count < maxRedirects ? redirected(request, response) : null
    if (next === null) return response
    request = next
  }
}

/** Returns the request that a response redirects to. It has no credentials when it goes to another origin. */
function redirected(request: HandshakeRequest, { message, stream }: HandshakeResponse): HandshakeRequest | null {
  const { location } = message.headers
  if (stream !== null || !REDIRECTS.has(message.statusCode) || location === undefined) return null
  const url = parseLocation(location, request.url)
  if (url === null) return null
  if (url.origin === request.url.origin) return { ...request, url }
  const { headers, tls, transport, http2 } = request
  return {
    ...request,
    url,
    headers: withoutCredentials(headers),
    tls: tls.ca === undefined ? {} : { ca: tls.ca },
    transport: { ...transport, socketPath: undefined },
    http2: http2 !== false,
  }
}

/**
 * Returns the URL of a redirect without its fragment, which is not sent (RFC 9110 §10.2.2). Returns null when a
 * WebSocket client cannot use the URL.
 */
function parseLocation(location: string, base: URL): URL | null {
  try {
    const url = new URL(location, base)
    url.hash = ''
    return readUrl(url)
  } catch {
    return null
  }
}

function withoutCredentials(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())))
}
