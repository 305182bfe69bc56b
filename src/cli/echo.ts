import { parseArgs } from 'node:util'
import {
  accept_websocket,
  type Connection,
  type CreateServerOptions,
  createServer,
  type WebSocketServer,
} from '../index.ts'
import { choice, integer } from '../options/option-rule.ts'
import { HTTP2_HELP, http2Options, readHttp2Options } from './certificate.ts'
import { LIMIT_HELP, limitOption, readLimitOptions } from './limit.ts'
import { listenOptions, readPort, runServer } from './listen.ts'
import { readOption, withUsageErrors } from './usage.ts'

const HELP = `dwebsocket echo [options]

Starts a minimal echo server for tests and benchmarks. It accepts every path and every origin.
GET /metrics returns statistics for Prometheus.

  --port N             port to listen on, 0 for a free one      (default 9001)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --api API            connection (callbacks) or session        (default connection)
  --max-message BYTES  longest message that is accepted         (default 16777216)
  --no-deflate         turns permessage-deflate off
${HTTP2_HELP}${LIMIT_HELP}`

/** Milliseconds. */
const SHUTDOWN = { deadline: 5_000 }

const API = choice('connection', 'session')
const MAX_MESSAGE = integer(16 * 1024 * 1024, 1, 2 ** 31)

/** The command `dwebsocket echo`: runs until SIGINT or SIGTERM. */
export async function echo(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...listenOptions,
      ...limitOption,
      ...http2Options,
      api: { type: 'string', default: API.fallback },
      'max-message': { type: 'string', default: String(MAX_MESSAGE.fallback) },
      'no-deflate': { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const options = {
    maxMessageSize: readOption('max-message', values['max-message'], MAX_MESSAGE),
    deflate: !values['no-deflate'],
    ...readHttp2Options(values),
    ...readLimitOptions(values.limit),
  }
  const api = readOption('api', values.api, API)
  const server = withUsageErrors(() => (api === 'session' ? serveSessions(options) : serveConnections(options)))
  return runServer(server, values.http2 ? 'wss' : 'ws', readPort(values.port, 9001), values.host, SHUTDOWN)
}

function serveSessions(options: CreateServerOptions): WebSocketServer {
  const view = accept_websocket(
    async (request, response) => {
      if (!request.is_websocket()) return response.writeHead(426).end()
      for await (const message of request.websocket) await request.websocket.send(message)
    },
    { origins: '*' },
  )
  return createServer({ urls: { '*': view }, ...options })
}

/** Makes a server that echoes with callbacks. It does not listen yet. */
export function serveConnections(options: CreateServerOptions): WebSocketServer {
  const server = createServer({ origins: '*', ...options })
  server.onConnection = (connection) => {
    connection.onMessage = (data) => {
      if (connection.send(data) !== 'sent') pauseUntilDrained(connection)
    }
  }
  return server
}

/** Applies backpressure: stops reading from a peer that does not read. */
function pauseUntilDrained(connection: Connection): void {
  connection.pause()
  void connection.drained().then(() => connection.resume())
}
