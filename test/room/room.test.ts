import { Readable } from 'node:stream'
import { MemoryBroker } from '../../src/room/broker/memory.ts'
import { Rooms } from '../../src/room/rooms.ts'
import { FakePeer } from '../support/fake-session.ts'
import { endOfTick } from '../support/tick.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('room')

const peers = (count: number): FakePeer[] => Array.from({ length: count }, () => new FakePeer())

test('a message reaches every member but the excepted one, and `broadcast` returns how many accepted it', async () => {
  const room = new Rooms().room('lobby')
  const [first, second, third] = peers(3)
  for (const { session } of [first, second, third]) void room.join(session)
  assert.is(room.broadcast('hi'), 3)
  assert.is(room.broadcast(Buffer.from([1, 2]), { except: second.session }), 2)
  await endOfTick()
  assert.equal(first.received, ['hi', Buffer.from([1, 2])])
  assert.equal(second.received, ['hi'])
  assert.equal(third.received, first.received)
})

test('the messages of one tick leave in one write per member', async () => {
  const room = new Rooms().room('lobby')
  const [first, second] = peers(2)
  for (const { session } of [first, second]) void room.join(session)
  for (let i = 0; i < 8; i++) room.broadcast(`message ${i}`, { except: i === 3 ? first.session : undefined })
  await endOfTick()
  assert.equal([first.writeCount, second.writeCount], [1, 1])
  assert.equal([first.received.length, second.received.length], [7, 8])
  assert.is(first.received.includes('message 3'), false)
})

test('a session is a member once, however often it joins', async () => {
  const room = new Rooms().room('lobby')
  const [peer] = peers(1)
  await room.join(peer.session)
  await room.join(peer.session)
  assert.is(room.broadcast('hi'), 1)
  await endOfTick()
  assert.equal(peer.received, ['hi'])
})

test('a member that leaves gets what was broadcast before and nothing after', async () => {
  const room = new Rooms().room('lobby')
  const [first, second] = peers(2)
  for (const { session } of [first, second]) void room.join(session)
  room.broadcast('before')
  room.leave(first.session)
  room.leave(first.session)
  room.broadcast('after')
  await endOfTick()
  assert.equal([first.received, second.received], [['before'], ['before', 'after']])
})

test('a member does not get what was broadcast before it joined within the same tick', async () => {
  const room = new Rooms().room('lobby')
  const [first, second] = peers(2)
  void room.join(first.session)
  room.broadcast('before')
  void room.join(second.session)
  room.broadcast('after')
  await endOfTick()
  assert.equal([first.received, second.received], [['before', 'after'], ['after']])
})

test('a session leaves when it closes, and an empty room is removed', () => {
  const rooms = new Rooms()
  const room = rooms.room('lobby')
  const [first, second] = peers(2)
  for (const { session } of [first, second]) void room.join(session)
  first.end()
  assert.is(room.broadcast('hi'), 1)
  assert.is(room.has(first.session), false)
  assert.equal(rooms.names(), ['lobby'])
  second.end()
  assert.equal([room.size, rooms.names(), room.broadcast('nobody')], [0, [], 0])
})

test('a session that is closed already does not become a member', async () => {
  const rooms = new Rooms()
  const [peer] = peers(1)
  peer.end()
  await rooms.room('lobby').join(peer.session)
  assert.equal(rooms.names(), [])
})

test('two names of one room are the same room, also after it was empty', async () => {
  const rooms = new Rooms()
  const [early, late] = [rooms.room('lobby'), rooms.room('lobby')]
  const [peer] = peers(1)
  void early.join(peer.session)
  early.leave(peer.session)
  void late.join(peer.session)
  assert.is(early.broadcast('hi'), 1)
})

test('members may join, leave and close while a message is delivered', async () => {
  const rooms = new Rooms()
  const room = rooms.room('lobby')
  const [first, second, third, fourth] = peers(4)
  for (const { session } of [first, second, third]) void room.join(session)
  const send = first.send.bind(first)
  first.send = (data) => {
    second.end()
    room.leave(third.session)
    void room.join(fourth.session)
    room.broadcast('answer')
    first.send = send
    return send(data)
  }
  room.broadcast('question')
  await endOfTick()
  assert.equal(first.received, ['question', 'answer'])
  assert.equal(second.received, [])
  assert.equal(fourth.received, ['answer'])
  assert.is(room.size, 2)
})

test('a member that is closing accepts no more messages', () => {
  const room = new Rooms().room('lobby')
  const [peer] = peers(1)
  void room.join(peer.session)
  void peer.session.close()
  assert.is(room.broadcast('too late'), 0)
})

test('a member is listed by the name it joined with, once for any number of sessions', async () => {
  const room = new Rooms().room('lobby')
  const [first, second, third] = peers(3)
  void room.join(first.session, { as: 'bob' })
  void room.join(second.session, { as: 'ann' })
  void room.join(third.session, { as: 'bob' })
  assert.equal(await room.members(), { count: 3, names: ['ann', 'bob'] })
  first.end()
  second.end()
  assert.equal(await room.members(), { count: 1, names: ['bob'] })
})

test('refuses a name that is too long, a room too many and an invalid message', async () => {
  const rooms = new Rooms({ maxRooms: 1 })
  const [peer] = peers(1)
  assert.match((await thrownBy(() => rooms.room('x'.repeat(257)))).message, 'at most 256')
  void rooms.room('first').join(peer.session)
  assert.instance(await thrownBy(() => rooms.room('second').join(peer.session)), RangeError)
  assert.instance(await thrownBy(() => rooms.room('first').broadcast(3 as never)), TypeError)
  assert.instance(await thrownBy(() => new Rooms({ slow: 'never' as never })), RangeError)
  assert.instance(await thrownBy(() => new Rooms({ history: { size: 0, ttl: 1 } })), RangeError)
})

test('a room with history sends envelopes, text unchanged and binary in base64, each with an id', async () => {
  const room = new Rooms({ history: { size: 10, ttl: 60_000 } }).room('lobby')
  const [peer] = peers(1)
  void room.join(peer.session)
  room.broadcast('“hi”')
  room.broadcast(Buffer.from([0, 255]))
  await endOfTick()
  const [first, second] = peer.envelopes
  assert.equal([first.data, second.binary], ['“hi”', 'AP8='])
  assert.is.not(first.id, second.id)
})

test('a client that reconnects gets exactly the messages it missed, in order, and then new ones', async () => {
  const room = new Rooms({ history: { size: 10, ttl: 60_000 } }).room('lobby')
  const [stays, goes, back] = peers(3)
  void room.join(stays.session)
  void room.join(goes.session)
  room.broadcast('one')
  await endOfTick()
  goes.end()
  room.broadcast('two')
  room.broadcast('three')
  const joining = room.join(back.session, { last: goes.envelopes[0].id })
  assert.is(room.broadcast('four'), 2)
  assert.equal(await joining, { missedCount: 3, isComplete: true })
  room.broadcast('five')
  await endOfTick()
  assert.equal(
    back.envelopes.map(({ data }) => data),
    ['two', 'three', 'four', 'five'],
  )
  assert.equal(back.envelopes, stays.envelopes.slice(1))
})

test('history outlives the last member of a room', async () => {
  const room = new Rooms({ history: { size: 10, ttl: 60_000 } }).room('lobby')
  const [goes, back] = peers(2)
  void room.join(goes.session)
  room.broadcast('one')
  await endOfTick()
  goes.end()
  room.broadcast('two')
  assert.equal(await room.join(back.session, { last: goes.envelopes[0].id }), { missedCount: 1, isComplete: true })
  assert.is(back.envelopes[0].data, 'two')
})

test('a client whose last id is too old gets a gap notice and the rest of the history', async () => {
  const room = new Rooms({ history: { size: 2, ttl: 60_000 } }).room('lobby')
  const [goes, back, again] = peers(3)
  void room.join(goes.session)
  room.broadcast('one')
  await endOfTick()
  goes.end()
  for (const text of ['two', 'three', 'four']) room.broadcast(text)
  assert.equal(await room.join(back.session, { last: goes.envelopes[0].id }), { missedCount: 2, isComplete: false })
  const [gap, ...rest] = back.envelopes
  assert.is(gap.gap, true)
  assert.equal(
    rest.map(({ data }) => data),
    ['three', 'four'],
  )
  assert.equal(await room.join(again.session, { last: gap.id }), { missedCount: 2, isComplete: true })
})

test('history expires after its ttl; an unknown id is treated as older', async () => {
  let now = 0
  const room = new Rooms({ broker: new MemoryBroker({}, () => now), history: { size: 9, ttl: 100 } }).room('lobby')
  const [goes, back, stranger] = peers(3)
  void room.join(goes.session)
  room.broadcast('one')
  room.broadcast('two')
  await endOfTick()
  now = 101
  assert.equal(await room.join(back.session, { last: goes.envelopes[0].id }), { missedCount: 0, isComplete: false })
  assert.equal(await room.join(stranger.session, { last: 'nonsense' }), { missedCount: 0, isComplete: false })
  assert.equal(back.envelopes, [{ id: goes.envelopes[1].id, gap: true }])
  const [upToDate] = peers(1)
  assert.equal(await room.join(upToDate.session, { last: goes.envelopes[1].id }), { missedCount: 0, isComplete: true })
})

test('a client without a last id, and one in a room without history, begins with what is new', async () => {
  const kept = new Rooms({ history: { size: 9, ttl: 1000 } }).room('kept')
  const plain = new Rooms().room('plain')
  const [first, second] = peers(2)
  kept.broadcast('old')
  assert.equal(await kept.join(first.session, { last: null }), { missedCount: 0, isComplete: true })
  assert.equal(await plain.join(second.session, { last: 'x.1' }), { missedCount: 0, isComplete: true })
  const [{ id, ...joined }] = first.envelopes
  assert.equal([joined, first.received.length, second.received], [{ joined: true }, 1, []])
  // The id that it was sent is enough to resume.
  kept.broadcast('new')
  const [again] = peers(1)
  assert.equal(await kept.join(again.session, { last: id }), { missedCount: 1, isComplete: true })
  assert.is(again.envelopes[0].data, 'new')
})

test('a client that was in another room only is sent its first id of this one', async () => {
  const rooms = new Rooms({ history: { size: 9, ttl: 1000 } })
  const [first, second] = peers(2)
  await rooms.room('first').join(first.session, { last: null })
  rooms.room('second').broadcast('old')
  const last = first.envelopes[0].id
  assert.equal(await rooms.room('second').join(second.session, { last }), { missedCount: 0, isComplete: true })
  assert.equal(
    second.envelopes.map(({ id, ...rest }) => rest),
    [{ joined: true }],
  )
})

test('a session that closes while it resumes does not become a member', async () => {
  const room = new Rooms({ history: { size: 9, ttl: 1000 } }).room('lobby')
  const [peer] = peers(1)
  const joining = room.join(peer.session, { last: 'x.1' })
  peer.end()
  await joining
  assert.equal([room.size, room.broadcast('hi'), peer.received], [0, 0, []])
})

test('refuses a stream, with history or not, and stores nothing of it', async () => {
  async function* source() {
    yield 'part'
  }
  for (const history of [null, { size: 10, ttl: 60_000 }]) {
    const rooms = new Rooms({ history })
    const room = rooms.room('lobby')
    const [peer, late] = peers(2)
    await room.join(peer.session)
    for (const stream of [source(), new ReadableStream(), Readable.from(['part'])]) {
      const error = await thrownBy(() => room.broadcast(stream as never))
      assert.instance(error, TypeError)
      assert.match(error.message, 'a stream cannot be prepared or broadcast; allowed: send one to each session')
    }
    const { missedCount } = await room.join(late.session, { last: '' })
    await endOfTick()
    assert.equal([peer.received, missedCount], [[], 0])
  }
})

test('refuses a Blob and what is neither text nor bytes, at once', async () => {
  const room = new Rooms().room('lobby')
  for (const [message, type] of [
    [new Blob(['x']), 'Blob'],
    [null, 'null'],
    [{}, 'object'],
  ]) {
    const error = await thrownBy(() => room.broadcast(message as never))
    assert.instance(error, TypeError)
    assert.match(error.message, new RegExp(`^message is of type ${type}\\b.*; allowed: `))
  }
})
