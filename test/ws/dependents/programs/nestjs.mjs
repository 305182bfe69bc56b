import 'reflect-metadata'
import { once } from 'node:events'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { WsAdapter } from '@nestjs/platform-ws'
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets'
import { WebSocket } from 'ws'
import { expect } from './support.mjs'

class Gateway {
  echo(_client, data) {
    return { event: 'echo', data }
  }
}
SubscribeMessage('echo')(Gateway.prototype, 'echo', Object.getOwnPropertyDescriptor(Gateway.prototype, 'echo'))
WebSocketGateway({ path: '/chat' })(Gateway)
class Application {}
Module({ providers: [Gateway] })(Application)

const app = await NestFactory.create(Application, { logger: false })
app.useWebSocketAdapter(new WsAdapter(app))
await app.listen(0, '127.0.0.1')
const client = new WebSocket(`ws://127.0.0.1:${app.getHttpServer().address().port}/chat`)
await once(client, 'open')
client.send(JSON.stringify({ event: 'echo', data: { number: 7 } }))
const answer = JSON.parse(String((await once(client, 'message'))[0]))
expect(answer.event === 'echo' && answer.data.number === 7, 'NestJS answers a message')
const closed = once(client, 'close')
await app.close()
await closed
