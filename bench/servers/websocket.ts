import { createServer } from 'node:http'
import { announce, HOST, MAX_MESSAGE, readSettings, requirePeer } from './support.ts'

/** npm websocket, as its documentation writes an echo server, with the limits lifted. */
const settings = readSettings()
const { peer, version } = requirePeer('websocket')
const httpServer = createServer()
const server = new peer.server({
  httpServer,
  autoAcceptConnections: true,
  maxReceivedFrameSize: MAX_MESSAGE,
  maxReceivedMessageSize: MAX_MESSAGE,
})

type Message = { type: 'utf8'; utf8Data: string } | { type: 'binary'; binaryData: Buffer }

// biome-ignore lint/suspicious/noExplicitAny: websocket comes without types
server.on('connect', (connection: any) => {
  connection.on('message', (message: Message) => {
    const data = message.type === 'utf8' ? message.utf8Data : message.binaryData
    if (settings.mode === 'broadcast') {
      for (const member of server.connections) send(member, data)
    } else if (settings.mode === 'echo') send(connection, data)
    else connection.sendUTF(String(data.length))
  })
})

// biome-ignore lint/suspicious/noExplicitAny: websocket comes without types
function send(connection: any, data: string | Buffer): void {
  if (typeof data === 'string') connection.sendUTF(data)
  else connection.sendBytes(data)
}

httpServer.listen(0, HOST, 4096, () => announce((httpServer.address() as { port: number }).port, version))
