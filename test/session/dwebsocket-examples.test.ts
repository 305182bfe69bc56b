import { accept_websocket, require_websocket } from '../../src/session/views.ts'
import type { WebSocket } from '../../src/session/websocket.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite } from '../support/unit.ts'
import { fetchPlain, openWs } from '../support/ws-client.ts'

const test = suite('dwebsocket’s own examples')

/** “Receive one message from a client, send that message back to the client and close the connection.” */
const echo_once = require_websocket(async (request) => {
  const message = await request.websocket.wait()
  if (message !== null) request.websocket.send(message)
})

/** “… over GET it answers the message of the query.” */
const echo = accept_websocket(async (request) => {
  if (!request.is_websocket()) return request.query.get('message') ?? ''
  for await (const message of request.websocket) request.websocket.send(message)
})

/** “Receive websocket messages and answer them in lower case; the same over GET.” */
function modify_message(message: string): string {
  return message.toLowerCase()
}

const lower_case = accept_websocket(async (request) => {
  if (!request.is_websocket()) return modify_message(request.query.get('message') ?? '')
  for await (const message of request.websocket) request.websocket.send(modify_message(String(message)))
})

/** “Handle a list of clients and send each message to all of them.” */
const clients: WebSocket[] = []

const broadcast = require_websocket(async ({ websocket }) => {
  clients.push(websocket)
  try {
    for await (const message of websocket) for (const client of clients) client.send(message)
  } finally {
    clients.splice(clients.indexOf(websocket), 1)
  }
})

const urls = { '/echo_once': echo_once, '/echo': echo, '/lower_case': lower_case, '/broadcast': broadcast }

test('echoes one message and closes', async (t) => {
  const { ws, http } = await serve(t, { urls })
  const client = await openWs(`${ws}/echo_once`)
  client.send('hé')
  assert.is(await client.next(), 'hé')
  assert.is(await client.closed, '1000')
  assert.is((await fetchPlain(`${http}/echo_once`)).status, 400)
})

test('echoes the message of a GET and every message of a WebSocket', async (t) => {
  const { ws, http } = await serve(t, { urls })
  assert.is((await fetchPlain(`${http}/echo?message=hi`)).body, 'hi')
  const client = await openWs(`${ws}/echo`)
  for (const message of ['hi', '', 'ß'.repeat(70_000)]) {
    client.send(message)
    assert.is(await client.next(), message)
  }
  client.send(Buffer.of(0, 255))
  assert.equal(await client.next(), Buffer.of(0, 255))
})

test('answers in lower case over WebSocket and GET', async (t) => {
  const { ws, http } = await serve(t, { urls })
  assert.is((await fetchPlain(`${http}/lower_case?message=HeLLo`)).body, 'hello')
  const client = await openWs(`${ws}/lower_case`)
  client.send('ÄB')
  assert.is(await client.next(), 'äb')
})

test('broadcasts to a list of clients and forgets who leaves', async (t) => {
  const { ws } = await serve(t, { urls })
  const one = await openWs(`${ws}/broadcast`)
  const two = await openWs(`${ws}/broadcast`)
  two.send('hello')
  assert.equal([await one.next(), await two.next()], ['hello', 'hello'])
  one.socket.close()
  await one.closed
  two.send('alone')
  assert.is(await two.next(), 'alone')
  assert.is(clients.length, 1)
})
