import { Seat } from '../../../src/cli/demo/seat.ts'
import { stopClock } from '../../support/clock.ts'
import { FakePeer } from '../../support/fake-session.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('seat')

test('messages go to the latest session, the previous one is closed', () => {
  const seat = new Seat()
  const [first, second] = [new FakePeer(), new FakePeer()]
  assert.ok(seat.isAway)
  seat.send({ lost: true })
  seat.occupy(first.session)
  seat.send({ n: 1 })
  seat.occupy(second.session)
  seat.send({ n: 2 })
  assert.equal([first.received, second.received], [['{"n":1}'], ['{"n":2}']])
  assert.ok(first.session.is_closed())
  assert.not.ok(second.session.is_closed() || seat.isAway)
})

test('reports once that a person is gone', async () => {
  const seat = new Seat()
  const { session } = new FakePeer()
  seat.occupy(session)
  await new Promise<void>((resolve) => seat.lose(session, 1, resolve))
  assert.ok(seat.isAway)
})

test('a person who reconnects in time is not gone', (t) => {
  const clock = stopClock(t)
  const seat = new Seat()
  const [first, second] = [new FakePeer(), new FakePeer()]
  const gone: string[] = []
  seat.occupy(first.session)
  seat.lose(first.session, 1, () => gone.push('first'))
  seat.occupy(second.session)
  // The end of a session that was replaced does not affect its successor.
  seat.lose(first.session, 1, () => gone.push('again'))
  clock.tick(1_000)
  assert.equal([gone, seat.isAway], [[], false])
})
