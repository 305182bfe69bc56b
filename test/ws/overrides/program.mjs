import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { WebSocket } from 'dwebsocket/ws'
import { attach } from 'engine.io'
import { Socket } from 'engine.io-client'
import express from 'express'
import expressWs from 'express-ws'

/* main.ts runs this program in a project. Each package on its command line must find the drop-in as `ws`, and two of them use it. */

function expect(isTrue, what) {
  if (!isTrue) throw new Error(`failed: ${what}`)
}

const here = createRequire(import.meta.url)
const dependents = process.argv.slice(2).filter((name) => name !== 'express')
for (const name of dependents) {
  expect(createRequire(here.resolve(name))('ws') === WebSocket, `${name} finds the drop-in as ws`)
}

async function useEngineIo() {
  const http = createServer()
  attach(http).on('connection', (socket) => socket.on('message', (message) => socket.send(message)))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const client = new Socket(`ws://127.0.0.1:${http.address().port}`, { transports: ['websocket'] })
  await new Promise((resolve) => client.on('open', resolve))
  client.send('by engine.io')
  expect((await new Promise((resolve) => client.on('message', resolve))) === 'by engine.io', 'engine.io echoes')
  client.close()
  http.close()
}

async function useExpressWs() {
  const { app } = expressWs(express())
  app.ws('/echo', (socket) => socket.on('message', (message) => socket.send(message)))
  const http = app.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${http.address().port}/echo`)
  await once(client, 'open')
  client.send('by express-ws')
  expect(String((await once(client, 'message'))[0]) === 'by express-ws', 'express-ws echoes')
  client.terminate()
  http.close()
}

await useEngineIo()
await useExpressWs()
console.log(`${dependents.join(', ')} found it; engine.io and express-ws echoed`)
process.exit(0)
