import { createServer } from 'node:http'
import { require_websocket, WebSocketMiddleware } from 'dwebsocket'
import express from 'express'

const app = express()

app.use((request, response, next) => {
  request.user = request.headers.authorization === 'Bearer ann' ? 'ann' : null
  if (request.user === null) response.sendStatus(401)
  else next()
})

app.get('/', (request, response) => response.send(`hello ${request.user}`))

app.get(
  '/echo/:name',
  require_websocket(async ({ websocket, params, user }) => {
    for await (const message of websocket) await websocket.send(`${user} in ${params.name}: ${message}`)
  }),
)

const server = createServer(app)
new WebSocketMiddleware(server)
server.listen(8000)
