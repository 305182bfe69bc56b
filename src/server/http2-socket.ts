import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

/** What code that knows sockets does to them: with HTTP/2 it is meant for the stream. */
const OF_STREAM: ReadonlySet<string | symbol> = new Set([
  ...['addListener', 'on', 'once', 'off', 'removeListener', 'prependListener', 'emit', 'listeners', 'listenerCount'],
  ...['destroy', 'destroyed', 'readable', 'writable', 'end', 'setTimeout', 'closed', 'errored'],
])

/**
 * The `socket` of a request over HTTP/2: addresses and certificate are those of the connection, while events and
 * `destroy` belong to the stream, of which there are many on one socket. Node's own `request.socket` does the same.
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

/** The socket of the connection; `undefined` when it has closed. Node refuses what would disturb other streams. */
function socketBelow({ session }: ServerHttp2Stream): Socket | undefined {
  return session === undefined || session.destroyed ? undefined : session.socket
}
