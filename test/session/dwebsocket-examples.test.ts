import { programs, runProgram } from '../support/documents.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { fetchPlain, openWs } from '../support/ws-client.ts'

const test = suite('dwebsocket’s own examples, as the documents have them')

/** Runs the program of the document. */
async function serve(t: TestContext): Promise<{ ws: string; http: string }> {
  const program = programs('docs/learn/from-dwebsocket.md').at(-1)!
  const http = await runProgram(t, program)
  return { http, ws: http.replace('http:', 'ws:') }
}

test('echoes one message and closes', async (t) => {
  const { ws, http } = await serve(t)
  const client = await openWs(`${ws}/echo_once`)
  client.send('hé')
  assert.is(await client.next(), 'hé')
  assert.is(await client.closed, '1000')
  assert.is((await fetchPlain(`${http}/echo_once`)).status, 400)
})

test('echoes the message of a GET and every message of a WebSocket', async (t) => {
  const { ws, http } = await serve(t)
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
  const { ws, http } = await serve(t)
  assert.is((await fetchPlain(`${http}/lower_case?message=HeLLo`)).body, 'hello')
  const client = await openWs(`${ws}/lower_case`)
  client.send('ÄB')
  assert.is(await client.next(), 'äb')
})

test('broadcasts to a list of clients, without those that have closed', async (t) => {
  const { ws } = await serve(t)
  const one = await openWs(`${ws}/broadcast`)
  const two = await openWs(`${ws}/broadcast`)
  two.send('hello')
  assert.equal([await one.next(), await two.next()], ['hello', 'hello'])
  one.socket.close()
  await one.closed
  two.send('alone')
  assert.is(await two.next(), 'alone')
})
