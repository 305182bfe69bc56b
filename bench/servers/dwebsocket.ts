import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadLibrary } from '../library.ts'
import { announce, HOST, MAX_MESSAGE, readSettings } from './support.ts'

/** This library with all its limits on, through the API that `BENCH_API` names; on node:http with `BENCH_HTTP=1`. */
const settings = readSettings()

async function start(): Promise<void> {
  const { WebSocketServer, prepare } = await loadLibrary()
  const server = new WebSocketServer({ maxMessageSize: MAX_MESSAGE })
  server.onConnection = (connection) => {
    connection.onMessage = (data) => {
      if (settings.mode === 'broadcast') {
        const message = prepare(data)
        for (const member of server.connections) member.send(message)
        return
      }
      if (!connection.send(settings.mode === 'echo' ? data : String(data.length))) {
        connection.pause()
        void connection.drained().then(() => connection.resume())
      }
    }
  }
  if (process.env.BENCH_HTTP !== '1') {
    const address = (await server.listen(0, HOST)) as AddressInfo
    return announce(address.port, '')
  }
  const httpServer = createServer()
  server.attach(httpServer)
  httpServer.listen(0, HOST, 4096, () => announce((httpServer.address() as AddressInfo).port, ''))
}

void start()
