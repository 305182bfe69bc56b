import { Audience } from '../../../src/cli/demo/audience.ts'
import { Rooms } from '../../../src/index.ts'
import { FakePeer } from '../../support/fake-session.ts'
import { endOfTick, until } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo audience')

const makeAudience = () => new Audience(new Rooms().room('page'))

test('every client receives the number of members and every broadcast', async () => {
  const audience = makeAudience()
  const [first, second] = [new FakePeer(), new FakePeer()]
  void audience.stay(first.session)
  await until(() => first.received.length === 1)
  const stay = audience.stay(second.session)
  await until(() => first.received.length === 2)
  assert.is(await audience.broadcast({ text: 'hi' }), 2)
  await endOfTick()
  second.end()
  await stay
  await until(() => first.received.length === 4)
  assert.is(await audience.broadcast({ text: 'bye' }), 1)
  await endOfTick()
  first.end()
  assert.is(await audience.broadcast({ text: 'nobody' }), 0)
  const parse = ({ received }: FakePeer) => received.map((text) => JSON.parse(String(text)))
  assert.equal(parse(first), [{ people: 1 }, { people: 2 }, { text: 'hi' }, { people: 1 }, { text: 'bye' }])
  assert.equal(parse(second), [{ people: 2 }, { text: 'hi' }])
})

test('the messages of a member go to its own callback, in order', async () => {
  const member = new FakePeer()
  const heard: unknown[] = []
  const stay = makeAudience().stay(member.session, (message) => heard.push(message))
  member.receive('a', 'b')
  member.end()
  await stay
  assert.equal(heard, ['a', 'b'])
})
