import { RawClient } from '../support/raw-client.ts'
import { runServer } from '../support/running-server.ts'
import { assert, suite } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('callback error')

test('fails with 1011 and calls onError when a callback throws, and the process continues', async (t) => {
  const errors: unknown[] = []
  const { port } = await runServer(t, { onError: (error) => errors.push(error) }, (connection) => {
    connection.onMessage = (data) => {
      throw new Error(`cannot take ${data}`)
    }
    connection.onPong = () => {
      throw new Error('cannot take a pong')
    }
    connection.onClose = () => {
      throw new Error('cannot even close')
    }
  })
  for (const bytes of [frame(1, 'this'), frame(10)]) {
    const client = await RawClient.open(port)
    client.send(bytes)
    await client.until(() => client.ended)
    assert.is(client.closeCode, 1011)
    client.socket.destroy()
  }
  assert.equal(errors.map(String), [
    'Error: cannot take this',
    'Error: cannot even close',
    'Error: cannot take a pong',
    'Error: cannot even close',
  ])
})

test('fails with 1011 when onConnection throws', async (t) => {
  const errors: unknown[] = []
  const { port } = await runServer(t, { onError: (error) => errors.push(error) }, () => {
    throw new Error('no')
  })
  const client = await RawClient.open(port)
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1011)
  assert.is(errors.length, 1)
  client.socket.destroy()
})
