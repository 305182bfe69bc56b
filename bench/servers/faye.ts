import { createServer } from 'node:http'
import { announce, HOST, readSettings, requirePeer } from './support.ts'

/** npm faye-websocket: the echo server from its documentation, with its size limit set. */
const settings = readSettings()
const { peer: FayeWebSocket, version } = requirePeer('faye-websocket')
// biome-ignore lint/suspicious/noExplicitAny: faye-websocket comes without types
const members = new Set<any>()

const server = createServer()
server.on('upgrade', (request, socket, head) => {
  const connection = new FayeWebSocket(request, socket, head, [], { maxLength: settings.maxMessage })
  members.add(connection)
  connection.on('close', () => members.delete(connection))
  connection.on('error', () => {})
  connection.on('message', ({ data }: { data: string | Buffer }) => {
    if (settings.mode === 'broadcast') {
      for (const member of members) member.send(data)
    } else if (settings.mode === 'echo') connection.send(data)
    else connection.send(String(data.length))
  })
})

server.listen(0, HOST, 4096, () => announce((server.address() as { port: number }).port, version))
