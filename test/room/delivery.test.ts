import { flushEndOfTick } from '../../src/connection/send/end-of-tick.ts'
import { ENTRY_OVERHEAD } from '../../src/room/broker/size.ts'
import { Rooms } from '../../src/room/rooms.ts'
import { FakePeer } from '../support/fake-session.ts'
import { endOfTick } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('room delivery')

/** Makes a room with one member that reads, and one for which `owed` bytes wait. */
function makeRoom(options: ConstructorParameters<typeof Rooms>[0], owed = 1000) {
  const rooms = new Rooms({ slowBytes: 1000, ...options })
  const room = rooms.room('lobby')
  const [quick, slow] = [new FakePeer(), new FakePeer()]
  slow.bufferedAmount = owed
  for (const { session } of [quick, slow]) void room.join(session)
  return { rooms, room, quick, slow }
}

test('with `drop` a slow member misses messages until it has read', async () => {
  const { rooms, room, quick, slow } = makeRoom({ slow: 'drop' })
  assert.equal([room.broadcast('a'), room.broadcast('b')], [1, 1])
  await endOfTick()
  slow.drain()
  assert.is(room.broadcast('c'), 2)
  await endOfTick()
  assert.equal([quick.received, slow.received], [['a', 'b', 'c'], ['c']])
  assert.is(rooms.stats().droppedMessages, 2)
})

test('with `close` a slow member is closed with 1013', async () => {
  const { rooms, room, quick, slow } = makeRoom({ slow: 'close' })
  assert.is(room.broadcast('a'), 1)
  await endOfTick()
  assert.equal(slow.calls, ['close 1013 too slow for the room'])
  assert.equal([quick.received, rooms.stats().closedMembers], [['a'], 1])
})

test('with `wait` a slow member gets everything in order when it reads again', async () => {
  const { rooms, room, quick, slow } = makeRoom({ slow: 'wait' })
  assert.is(room.broadcast('a'), 2)
  assert.is(room.broadcast('not for slow', { except: slow.session }), 1)
  await endOfTick()
  room.broadcast('b')
  await endOfTick()
  assert.equal([quick.received.length, slow.received], [3, []])
  assert.ok(rooms.stats().backlogBytes > 0)
  slow.drain()
  await endOfTick()
  room.broadcast('c')
  await endOfTick()
  assert.equal(slow.received, ['a', 'b', 'c'])
  assert.is(rooms.stats().backlogBytes, 0)
})

test('the backlog of a room is bounded; a member that needs more misses the oldest messages', async () => {
  // Three frames of ten bytes.
  const limit = 3 * (ENTRY_OVERHEAD + 10)
  const { rooms, room, slow } = makeRoom({ slow: 'wait', backlogBytes: limit })
  for (let i = 0; i < 10; i++) {
    room.broadcast(`number ${i}`)
    await endOfTick()
    assert.ok(rooms.stats().backlogBytes <= limit)
  }
  slow.drain()
  await endOfTick()
  assert.equal(slow.received, ['number 7', 'number 8', 'number 9'])
  assert.is(rooms.stats().droppedMessages, 7)
})

test('the backlog of a slow member is released when it closes', async () => {
  const { rooms, room, slow } = makeRoom({ slow: 'wait' })
  room.broadcast('a')
  await endOfTick()
  slow.end()
  assert.is(rooms.stats().backlogBytes, 0)
  slow.drain()
  await endOfTick()
  assert.equal(slow.received, [])
})

test('a member becomes slow in the middle of a tick as soon as the bound is reached', async () => {
  const { room, quick, slow } = makeRoom({ slow: 'drop' }, 970)
  const counts = Array.from({ length: 4 }, (_, i) => room.broadcast(`message ${i}`))
  await endOfTick()
  assert.is(quick.received.length, 4)
  // The fake connection does not add what it sends to `bufferedAmount`.
  slow.bufferedAmount = 1000
  assert.equal(counts, [2, 2, 2, 2])
  assert.is(room.broadcast('late'), 1)
})

test('a message over the limit is sent to members for which nothing waits', async () => {
  const { room, quick, slow } = makeRoom({ slow: 'drop' }, 1)
  assert.is(room.broadcast('x'.repeat(2000)), 1)
  await endOfTick()
  assert.equal([quick.received.length, slow.received.length], [1, 0])
})

test('a message that is broadcast while another is written follows it for every member', async () => {
  const { room, quick, slow } = makeRoom({}, 0)
  const send = quick.send.bind(quick)
  quick.send = (data) => {
    quick.send = send
    room.broadcast('second')
    // Each message that is sent directly flushes first, also during a delivery.
    flushEndOfTick()
    return send(data)
  }
  room.broadcast('first')
  await endOfTick()
  assert.equal(
    [quick.received, slow.received],
    [
      ['first', 'second'],
      ['first', 'second'],
    ],
  )
})
