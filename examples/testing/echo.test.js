import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, createServer, require_websocket } from 'dwebsocket'

const echo = require_websocket(async ({ websocket }) => {
  for await (const message of websocket) websocket.send(message)
})

test('echoes', async (t) => {
  const server = createServer({ urls: { '/echo': echo } })
  t.after(() => server.close())
  const { port } = await server.listen(0)

  const client = await connect(`ws://127.0.0.1:${port}/echo`)
  const reply = new Promise((resolve) => {
    client.onMessage = resolve
  })
  client.send('hello')
  assert.equal(await reply, 'hello')

  client.close()
  await client.gone
  assert.equal(client.closeInfo.code, 1000)
})
