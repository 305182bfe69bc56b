import { once } from 'node:events'
import express from 'express'
import expressWs from 'express-ws'
import { WebSocket } from 'ws'
import { listen, tryEcho } from './support.mjs'

const { app } = expressWs(express())
app.ws('/echo', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
const http = app.listen(0, '127.0.0.1')
if (!http.listening) await once(http, 'listening')
const { host } = await listen(http)
await tryEcho(WebSocket, `ws://${host}/echo`, 'express-ws')
