import { createServer } from 'node:http'
import { announce, HOST, readSettings, requirePeer } from './support.ts'

/** npm websocket: the echo server from its documentation, with its size limits set. */
const settings = readSettings()
const { peer, version } = requirePeer('websocket')
const httpServer = createServer()
const server = new peer.server({
  httpServer,
  autoAcceptConnections: true,
  maxReceivedFrameSize: settings.maxMessage,
  maxReceivedMessageSize: settings.maxMessage,
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
