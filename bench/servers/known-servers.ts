import type { Dialect } from '../load/workload.ts'

/** A server that can be measured: a script of this folder with its environment. */
export interface KnownServer {
  name: string
  /** File name without its extension. */
  script: string
  /** For `--help` and reports. */
  description: string
  env?: Record<string, string>
  dialect?: Dialect
  /** The transport if it is not plain TCP: TLS with HTTP/1.1, or TLS with HTTP/2. */
  transport?: 'tls' | 'http2'
}

const NO_ADD_ON = { WS_NO_BUFFER_UTIL: '1' }

/** Every server that `--against` accepts, and this library in its variants. */
export const KNOWN_SERVERS: readonly KnownServer[] = [
  { name: 'dwebsocket', script: 'dwebsocket', description: 'this library, callbacks on a connection' },
  {
    name: 'dwebsocket+session',
    script: 'dwebsocket',
    description: 'this library, for await over a session',
    env: { BENCH_API: 'session' },
  },
  {
    name: 'dwebsocket+borrowed',
    script: 'dwebsocket',
    description: 'this library, callbacks that borrow the bytes of each message',
    env: { BENCH_API: 'borrowed' },
  },
  {
    name: 'dwebsocket+streamed',
    script: 'dwebsocket',
    description: 'this library, messages received in parts (upload only)',
    env: { BENCH_API: 'streamed' },
  },
  {
    name: 'dwebsocket+borrowed-parts',
    script: 'dwebsocket',
    description: 'this library, messages received in borrowed parts (upload only)',
    env: { BENCH_API: 'borrowed-parts' },
  },
  {
    name: 'dwebsocket+portable',
    script: 'dwebsocket',
    description: 'this library without its fast code (DWEBSOCKET_PORTABLE=1)',
    env: { DWEBSOCKET_PORTABLE: '1' },
  },
  {
    name: 'dwebsocket+http',
    script: 'dwebsocket',
    description: 'this library behind a node:http server of the application',
    env: { BENCH_HTTP: '1' },
  },
  {
    name: 'dwebsocket+tls',
    script: 'dwebsocket',
    description: 'this library over TLS, with HTTP/1.1',
    env: { BENCH_TLS: '1' },
    transport: 'tls',
  },
  {
    name: 'dwebsocket+http2',
    script: 'dwebsocket',
    description: 'the same port with HTTP/2, 100 WebSockets on a connection',
    env: { BENCH_TLS: '1' },
    transport: 'http2',
  },
  {
    name: 'dwebsocket+ws',
    script: 'ws',
    description: 'the same program as for npm ws, with dwebsocket/ws instead',
    env: { WS_DROP_IN: '1' },
  },
  {
    name: 'dwebsocket+ws+callback',
    script: 'ws',
    description: 'the same, with a callback for each message that is sent',
    env: { WS_DROP_IN: '1', WS_CALLBACK: '1' },
  },
  { name: 'ws', script: 'ws', description: 'npm ws without native add-ons', env: NO_ADD_ON },
  { name: 'ws+bufferutil', script: 'ws', description: 'npm ws with its native add-on' },
  {
    name: 'ws+cork',
    script: 'ws',
    description: 'npm ws, with the writes of one tick corked by the program',
    env: { ...NO_ADD_ON, WS_CORK: '1' },
  },
  {
    name: 'ws+callback',
    script: 'ws',
    description: 'npm ws, with a callback for each message that is sent',
    env: { ...NO_ADD_ON, WS_CALLBACK: '1' },
  },
  { name: 'websocket', script: 'websocket', description: 'npm websocket, which includes a native add-on' },
  { name: 'faye', script: 'faye', description: 'npm faye-websocket' },
  { name: 'socket.io', script: 'socket-io', description: 'npm socket.io (broadcast only)', dialect: 'socket.io' },
  {
    name: 'socket.io+dwebsocket',
    script: 'socket-io',
    description: 'npm socket.io with dwebsocket/ws as its wsEngine (broadcast only)',
    env: { WS_DROP_IN: '1' },
    dialect: 'socket.io',
  },
  { name: 'raw', script: 'raw', description: 'net.Socket that echoes bytes, without WebSocket', dialect: 'raw' },
]

/** @throws {RangeError} when no server has that name. */
export function findKnownServer(name: string): KnownServer {
  const server = KNOWN_SERVERS.find((candidate) => candidate.name === name)
  if (!server) {
    const known = KNOWN_SERVERS.map((candidate) => candidate.name).join(', ')
    throw new RangeError(`unknown server “${name}”; allowed: ${known}`)
  }
  return server
}
