import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

/** The members of `socket` that come from the stream instead of the connection. */
const OF_STREAM: ReadonlySet<string | symbol> = new Set([
  ...['addListener', 'on', 'once', 'off', 'removeListener', 'prependListener', 'emit', 'listeners', 'listenerCount'],
  ...['destroy', 'destroyed', 'readable', 'writable', 'end', 'setTimeout', 'closed', 'errored'],
])

/**
 * Creates the `socket` of a request over HTTP/2, like Node's own `request.socket`. Addresses and certificates come from
 * the connection, while events and `destroy` belong to the stream, because the connection may have other streams.
 */
export function socketOf(stream: ServerHttp2Stream): Socket {
  return new Proxy(stream, handler) as unknown as Socket
}

const handler: ProxyHandler<ServerHttp2Stream> = {
  get(stream, name) {
    const target: object | undefined = OF_STREAM.has(name) ? stream : socketBelow(stream)
    const value: unknown = target && Reflect.get(target, name)
    return typeof value === 'function' ? value.bind(target) : value
  },
}

/**
 * Returns the socket of the connection; undefined when it has closed. Node blocks calls that would affect other
 * streams.
 */
function socketBelow({ session }: ServerHttp2Stream): Socket | undefined {
  return session === undefined || session.destroyed ? undefined : session.socket
}
