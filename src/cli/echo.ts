import { parseArgs } from 'node:util'
import {
  accept_websocket,
  type Connection,
  type CreateServerOptions,
  createServer,
  type WebSocketServer,
} from '../index.ts'
import { LIMIT_HELP, limitOption, readLimitOptions } from './limit.ts'
import { listenOptions, readPort, runServer } from './listen.ts'
import { readInteger, UsageError } from './usage.ts'

const HELP = `dwebsocket echo [options]

A bare echo server for tests and benchmarks, on every path. Any origin is let in. GET /metrics tells
its statistics.

  --port N             port to listen on, 0 for a free one      (default 9001)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --api API            connection (callbacks) or session        (default connection)
  --max-message BYTES  longest message, inclusive               (default 16777216)
  --no-deflate         declines permessage-deflate
${LIMIT_HELP}`

/** Nobody is to be waited for long. */
const SHUTDOWN = { deadline: 5_000 }

/** The command `dwebsocket echo`: runs until SIGINT or SIGTERM. */
export async function echo(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...listenOptions,
      ...limitOption,
      api: { type: 'string', default: 'connection' },
      'max-message': { type: 'string', default: '16777216' },
      'no-deflate': { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const maxMessageSize = readInteger('max-message', values['max-message'], 1, 2 ** 31)
  const server = createEchoServer(values.api, {
    maxMessageSize,
    deflate: !values['no-deflate'],
    ...readLimitOptions(values.limit),
  })
  return runServer(server, 'ws', readPort(values.port, 9001), values.host, SHUTDOWN)
}

function createEchoServer(api: string, options: CreateServerOptions): WebSocketServer {
  if (api === 'session') return createServer({ urls: { '*': echoSession }, ...options })
  if (api !== 'connection') throw new UsageError(`--api ${api}: connection or session is allowed`)
  const server = createServer({ origins: '*', ...options })
  server.onConnection = echoConnection
  return server
}

const echoSession = accept_websocket(
  async (request, response) => {
    if (!request.is_websocket()) return response.writeHead(426).end()
    for await (const message of request.websocket) await request.websocket.send(message)
  },
  { origins: '*' },
)

function echoConnection(connection: Connection): void {
  connection.onMessage = (data) => {
    if (connection.send(data) !== 'sent') holdUntilDrained(connection)
  }
}

/** A peer that sends and does not read is not read from either. */
function holdUntilDrained(connection: Connection): void {
  connection.pause()
  void connection.drained().then(() => connection.resume())
}
