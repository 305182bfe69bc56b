import { readEnvelopeId } from '../../../src/client/browser.ts'
import { makeWorld } from '../../support/fake-browser.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('browser client: resuming')

test('each new connection requests the messages after the last id it received', () => {
  const world = makeWorld({ url: 'ws://host/room?name=a', lastId: readEnvelopeId })
  world.last.open()
  world.last.receive('{"id":"7","data":1}')
  world.last.receive('no id')
  world.last.lose()
  world.clock.advance(1000)
  assert.is(world.last.url, 'ws://host/room?name=a&last=7')
  world.last.open()
  world.last.receive('{"id":"8 & 9","data":2}')
  world.last.lose()
  world.clock.advance(2000)
  assert.is(world.last.url, 'ws://host/room?name=a&last=8+%26+9')
  assert.is(world.client.url, 'ws://host/room?name=a')
})

test('the application decides how to resume', () => {
  const world = makeWorld({
    lastId: (data) => String(data).length.toString(),
    resumeUrl: (url, id) => `${url}/from/${id}`,
  })
  world.last.open()
  world.last.receive('four')
  world.last.lose()
  world.clock.advance(1000)
  assert.is(world.last.url, 'ws://host/path/from/4')
})

test('an id may be a number, and null is no id', () => {
  const ids: unknown[] = [null, 5, null, undefined, 6, '7', 8, null]
  const world = makeWorld({ lastId: () => ids.shift() as never })
  world.last.open()
  world.last.receive('null')
  world.last.lose()
  world.clock.advance(1000)
  assert.not.match(world.last.url, /last=/)
  world.last.open()
  while (ids.length > 0) world.last.receive('a message')
  world.last.lose()
  world.clock.advance(2000)
  assert.match(world.last.url, /last=8$/)
})

test('an id that a peer has made up neither ends the client nor makes the URL longer than servers accept', () => {
  for (const id of ['\ud800', 'a\udfff', 'a'.repeat(257), '']) {
    const world = makeWorld({ url: 'ws://host/', lastId: readEnvelopeId })
    world.last.open()
    world.last.receive(JSON.stringify({ id: 'good 😀', data: 1 }))
    world.last.receive(JSON.stringify({ id, data: 1 }))
    world.last.lose()
    world.clock.advance(1000)
    assert.is(world.last.url, 'ws://host/?last=good+%F0%9F%98%80')
  }
})

test('a resumeUrl that throws is final', () => {
  const world = makeWorld({
    lastId: () => '1',
    resumeUrl() {
      throw new Error('no address')
    },
  })
  let reason = ''
  world.client.onclose = (event) => {
    reason = event.reason
  }
  world.last.open()
  world.last.receive('a')
  world.last.lose()
  world.clock.advance(1000)
  assert.equal(world.events.slice(3), ['error', 'close:1006'])
  assert.is(reason, 'Error: no address')
})

test('the id of an envelope is read, and that of nothing else', () => {
  assert.is(readEnvelopeId('{"id":"a","data":{"id":"b"}}'), 'a')
  for (const data of ['', 'text', '{', '{}', '{"id":1}', '[{"id":"a"}]', '"id"', new Uint8Array(2), null]) {
    assert.is(readEnvelopeId(data), undefined, String(data))
  }
})
