const http = require('node:http')
const WebSocket = require('faye-websocket')
const deflate = process.argv[3] === 'deflate' ? [require('permessage-deflate')] : []
const server = http.createServer((_, response) => response.writeHead(404).end())
server.on('upgrade', (request, socket, body) => {
  if (!WebSocket.isWebSocket(request)) {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
    return
  }
  const webSocket = new WebSocket(request, socket, body, [], { extensions: deflate })
  webSocket.on('message', ({ data }) => webSocket.send(data))
})
server.listen(Number(process.argv[2]), '127.0.0.1')
