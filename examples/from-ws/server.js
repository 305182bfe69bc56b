import { createServer } from 'dwebsocket'

const server = createServer()

server.onConnection = (connection) => {
  connection.onMessage = (data) => {
    for (const client of server.connections) {
      if (client !== connection && client.state === 'open') client.send(data)
    }
  }
  connection.onClose = ({ code, error }) => {
    if (error) console.warn(code, error.message)
  }
  connection.send('hello')
}

await server.listen(8000)
