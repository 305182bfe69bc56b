import { readGroupOptions } from '../../src/room/options.ts'
import { Users } from '../../src/room/users.ts'
import { stopClock } from '../support/clock.ts'
import { FakePeer } from '../support/fake-session.ts'
import { endOfTick } from '../support/tick.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('users')

/** Makes users, and a promise of the next name that is gone. */
function makeUsers() {
  const users = new Users()
  const gone: string[] = []
  let tell = () => {}
  users.onGone = (name) => {
    gone.push(name)
    tell()
  }
  const nextGone = (): Promise<void> => new Promise((resolve) => (tell = resolve))
  return { users, gone, nextGone }
}

test('a message reaches all devices of a user and no other session', async () => {
  const { users } = makeUsers()
  const [phone, laptop, other] = [new FakePeer(), new FakePeer(), new FakePeer()]
  await users.add('ann', phone.session)
  await users.add('ann', laptop.session)
  await users.add('bob', other.session)
  assert.equal([await users.send('ann', 'hi'), await users.send('nobody', 'hi')], [2, 0])
  await endOfTick()
  assert.equal([phone.received, laptop.received, other.received], [['hi'], ['hi'], []])
  assert.equal([await users.has('ann'), await users.has('nobody')], [true, false])
  assert.equal(await users.names(), ['ann', 'bob'])
})

test('`maxRooms` limits rooms, not users', () => {
  assert.is(readGroupOptions({}).maxGroups, Number.POSITIVE_INFINITY)
})

test('`onGone` is called when the last device of a user is closed or removed', async () => {
  const { users, gone, nextGone } = makeUsers()
  const [phone, laptop] = [new FakePeer(), new FakePeer()]
  await users.add('ann', phone.session)
  await users.add('ann', laptop.session)
  users.remove('ann', phone.session)
  await endOfTick()
  assert.equal(gone, [])
  const isGone = nextGone()
  laptop.end()
  await isGone
  assert.equal(gone, ['ann'])
  assert.is(await users.has('ann'), false)
})

test('a device that is silent for its time no longer counts; any message renews it', async (t) => {
  const clock = stopClock(t)
  const { users, gone } = makeUsers()
  const [silent, talks] = [new FakePeer(), new FakePeer()]
  await users.add('silent', silent.session, { ttl: 60 })
  await users.add('talks', talks.session, { ttl: 60 })
  for (let time = 0; time < 120; time += 20) {
    clock.tick(20)
    talks.receive('ping')
    await endOfTick()
  }
  assert.equal(gone, ['silent'])
  assert.equal([await users.has('talks'), silent.session.is_closed()], [true, false])
  clock.tick(59)
  await endOfTick()
  assert.equal(gone, ['silent'])
  clock.tick(2)
  await endOfTick()
  assert.equal(gone, ['silent', 'talks'])
})

test('adding a device again replaces its ttl', async (t) => {
  const clock = stopClock(t)
  const { users, gone } = makeUsers()
  const peer = new FakePeer()
  await users.add('ann', peer.session, { ttl: 1 })
  await users.add('ann', peer.session)
  clock.tick(1_000)
  await endOfTick()
  assert.equal([gone, await users.send('ann', 'hi')], [[], 1])
})

test('one session may be the device of several users', async () => {
  const { users } = makeUsers()
  const peer = new FakePeer()
  await users.add('ann', peer.session)
  await users.add('agent', peer.session)
  users.remove('agent', peer.session)
  assert.equal([await users.names(), users.stats().devices], [['ann'], 1])
})

test('refuses an invalid ttl and an invalid message synchronously', async () => {
  const { users } = makeUsers()
  const peer = new FakePeer()
  assert.instance(await thrownBy(() => void users.add('ann', peer.session, { ttl: 0 })), RangeError)
  assert.instance(await thrownBy(() => void users.send('ann', null as never)), TypeError)
  assert.match((await thrownBy(() => void users.send('ann', new ReadableStream() as never))).message, 'a stream cannot')
})

test('what a callback throws or rejects with is passed to `onError`, which may fail itself', async () => {
  const failures = [() => Promise.reject(new Error('rejected')), () => Promise.resolve()]
  for (const fail of failures) {
    const errors: unknown[] = []
    const users = new Users({
      onError: (error) => {
        errors.push(error)
        return Promise.reject(error)
      },
    })
    users.onGone = fail
    const peer = new FakePeer()
    await users.add('ann', peer.session)
    peer.end()
    await endOfTick()
    assert.is(String(errors), fail === failures[0] ? 'Error: rejected' : '')
  }
})

test('what a callback throws is passed to `onError`', async () => {
  const errors: unknown[] = []
  const users = new Users({ onError: (error) => errors.push(error) })
  users.onGone = () => {
    throw new Error('mine')
  }
  const peer = new FakePeer()
  await users.add('ann', peer.session)
  peer.end()
  await endOfTick()
  assert.is(String(errors), 'Error: mine')
})
