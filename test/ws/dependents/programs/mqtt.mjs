import { Aedes } from 'aedes'
import { createWebSocketStream } from 'dwebsocket/ws'
import mqtt from 'mqtt'
import { expect, serve } from './support.mjs'

const broker = await Aedes.createBroker()
const { server, url } = await serve({ handleProtocols: (names) => (names.has('mqtt') ? 'mqtt' : false) })
server.on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request))
const [one, two] = await Promise.all([1, 2].map(() => mqtt.connectAsync(url, { protocolVersion: 4 })))
await one.subscribeAsync('topic', { qos: 1 })
const payloads = [Buffer.from('small'), Buffer.alloc(1024 * 1024, 9)]
for (const payload of payloads) {
  const received = new Promise((resolve) => one.once('message', (_topic, bytes) => resolve(bytes)))
  await two.publishAsync('topic', payload, { qos: 1 })
  expect(payload.equals(await received), 'mqtt.js receives by aedes what another client publishes')
}
await Promise.all([one.endAsync(), two.endAsync()])
