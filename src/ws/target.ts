/** The server and the resource that a request is sent to. */
export interface Target {
  url: URL
  isSecure: boolean
  socketPath: string | undefined
  path: string
}

/**
 * Parses the address of a server.
 *
 * @throws {SyntaxError} when the address is not a valid URL, has a scheme that is not allowed, or has a fragment.
 */
export function readTarget(address: string | URL, base?: string): Target {
  if (!(address instanceof URL) && !URL.canParse(address, base)) throw new SyntaxError(`Invalid URL: ${address}`)
  const url = new URL(address, base)
  if (url.protocol === 'http:') url.protocol = 'ws:'
  else if (url.protocol === 'https:') url.protocol = 'wss:'
  const isIpc = url.protocol === 'ws+unix:'
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:' && !isIpc) {
    throw new SyntaxError('The URL\'s protocol must be one of "ws:", "wss:", "http:", "https:", or "ws+unix:"')
  }
  if (isIpc && !url.pathname) throw new SyntaxError("The URL's pathname is empty")
  if (url.hash) throw new SyntaxError('The URL contains a fragment identifier')
  const path = url.pathname + url.search
  const colon = isIpc ? path.indexOf(':') : -1
  const socketPath = isIpc ? (colon < 0 ? path : path.slice(0, colon)) : undefined
  return {
    url,
    isSecure: url.protocol === 'wss:',
    socketPath,
    path: isIpc && colon >= 0 ? path.slice(colon + 1) : isIpc ? '/' : path,
  }
}
