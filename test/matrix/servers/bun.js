Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('no WebSocket', { status: 400 })),
  websocket: {
    perMessageDeflate: process.argv[3] === 'deflate',
    message: (socket, message) => void socket.send(message),
  },
})
