import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { type Connection, WebSocketServer } from '../index.ts'
import { authorityOf, readInteger, terminationSignal, UsageError } from './usage.ts'

const HELP = `dwebsocket echo [options]

A bare echo server for tests and benchmarks. Any origin is let in.

  --port N             port to listen on, 0 for a free one      (default 9001)
  --host HOST          address to listen on                     (default 127.0.0.1)
  --api API            connection (callbacks) or session        (default connection)
  --max-message BYTES  longest message, inclusive               (default 16777216)
`

/** The command `dwebsocket echo`: runs until SIGINT or SIGTERM, then sends Close 1001 to every peer. */
export async function echo(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '9001' },
      host: { type: 'string', default: '127.0.0.1' },
      api: { type: 'string', default: 'connection' },
      'max-message': { type: 'string', default: '16777216' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const port = readInteger('port', values.port, 0, 65_535)
  const maxMessageSize = readInteger('max-message', values['max-message'], 1, 2 ** 31)
  const server = new WebSocketServer({ origins: '*', maxMessageSize })
  if (values.api === 'connection') server.onConnection = echoConnection
  else throw new UsageError(`--api ${values.api}: connection or session is allowed`)
  const address = (await server.listen(port, values.host)) as AddressInfo
  process.stdout.write(`listening ws://${authorityOf(values.host, address.port)}\n`)
  await terminationSignal()
  await server.close()
  return 0
}

function echoConnection(connection: Connection): void {
  connection.onMessage = (data) => {
    if (!connection.send(data)) holdUntilDrained(connection)
  }
}

/** A peer that sends and does not read is not read from either. */
function holdUntilDrained(connection: Connection): void {
  connection.pause()
  void connection.drained().then(() => connection.resume())
}
