const http = require('node:http')
const { server: WebSocketServer } = require('websocket')
const httpServer = http.createServer((_, response) => response.writeHead(404).end())
httpServer.listen(Number(process.argv[2]), '127.0.0.1')
new WebSocketServer({ httpServer, autoAcceptConnections: true }).on('connect', (connection) => {
  connection.on('message', (message) =>
    message.type === 'utf8' ? connection.sendUTF(message.utf8Data) : connection.sendBytes(message.binaryData),
  )
})
