import vm from 'node:vm'
import { type ClientData, OutboxFullError } from '../../../src/client/browser.ts'
import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('browser client: outbox')

test('messages without a connection are sent with the next one, in order, after those of the open listener', () => {
  const { client, last, events } = makeWorld()
  client.onopen = () => client.send('I am')
  client.send('a')
  const bytes = new Uint8Array([1, 2, 3])
  client.send(bytes.subarray(1))
  client.send(bytes.buffer)
  bytes.fill(9)
  assert.is(client.bufferedAmount, 1 + 2 + 3)
  last.open()
  assert.equal(last.sent, ['I am', 'a', new Uint8Array([2, 3]), new Uint8Array([1, 2, 3]).buffer])
  assert.is(client.bufferedAmount, 0)
  client.send('b')
  assert.is(last.sent.length, 5)
  assert.equal(events, ['open'])
})

test('a message sent while the server closes waits for the next connection', () => {
  const world = makeWorld()
  world.last.open()
  world.last.readyState = 2
  world.client.send('later')
  assert.equal(world.last.sent, [])
  world.last.lose(1001, '', true)
  world.clock.advance(1000)
  world.last.open()
  assert.equal(world.last.sent, ['later'])
})

test('a full outbox throws and keeps its messages', async () => {
  const { client, last } = makeWorld({ maxOutboxBytes: 4 })
  client.send('é')
  client.send('aa')
  const error = await thrownBy(() => client.send('b'))
  assert.instance(error, OutboxFullError)
  assert.equal([error.name, error.code], ['OutboxFullError', 'ERR_WS_OUTBOX_FULL'])
  assert.match(error.message, /^2 messages \(4 bytes\) wait, plus \d+ bytes; allowed: 1000 messages, 4 bytes/)
  client.send('')
  last.open()
  client.send('b')
  assert.equal(last.sent, ['é', 'aa', '', 'b'])
})

test('an outbox counts messages too', async () => {
  const { client } = makeWorld({ maxOutboxCount: 2 })
  client.send('')
  client.send('')
  assert.instance(await thrownBy(() => client.send('')), OutboxFullError)
})

test('a closed client discards messages', () => {
  const { client, last } = makeWorld()
  last.open()
  last.lose(1000, '', true)
  client.send('void')
  assert.equal([client.bufferedAmount, last.sent], [0, []])
})

test('the outbox accepts every type of bytes, also of another realm, and text of anything else', () => {
  const { client, last } = makeWorld()
  const blob = new Blob(['ab'])
  const foreign = vm.runInNewContext('[new Uint16Array([1, 2]), new Uint8Array([3]).buffer]')
  for (const data of [new DataView(new ArrayBuffer(2)), blob, ...foreign, 5, null, {}]) client.send(data as ClientData)
  assert.is(client.bufferedAmount, 2 + 2 + 4 + 1 + '5'.length + 'null'.length + '[object Object]'.length)
  last.open()
  assert.equal(last.sent.slice(4), ['5', 'null', '[object Object]'])
  assert.equal([...(last.sent[2] as Uint8Array)], [1, 0, 2, 0])
})
