import { Audience } from '../../../src/cli/demo/audience.ts'
import type { WebSocket } from '../../../src/index.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo audience')

/** As much of a session as an audience uses: it owes `bufferedAmount` bytes and ends when `leave` is called. */
function makeSession(bufferedAmount = 0) {
  const received: unknown[] = []
  const incoming: string[] = []
  let wake = () => {}
  let isClosed = false
  const session = {
    connection: { bufferedAmount },
    send: (text: string) => received.push(JSON.parse(text)),
    async *[Symbol.asyncIterator]() {
      while (!isClosed || incoming.length > 0) {
        if (incoming.length > 0) yield incoming.shift()
        else await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  } as unknown as WebSocket
  return {
    session,
    received,
    say(text: string) {
      incoming.push(text)
      wake()
    },
    leave() {
      isClosed = true
      wake()
    },
  }
}

test('everybody is told who comes and goes by number, and gets what is told', async () => {
  const audience = new Audience()
  const [first, second] = [makeSession(), makeSession()]
  const stays = [audience.stay(first.session), audience.stay(second.session)]
  assert.is(audience.tell({ text: 'hi' }), 2)
  second.leave()
  await stays[1]
  assert.is(audience.tell({ text: 'bye' }), 1)
  first.leave()
  await stays[0]
  assert.is(audience.tell({ text: 'nobody' }), 0)
  assert.equal(first.received, [{ people: 1 }, { people: 2 }, { text: 'hi' }, { people: 1 }, { text: 'bye' }])
  assert.equal(second.received, [{ people: 2 }, { text: 'hi' }])
})

test('what a member sends goes to its own callback, in order', async () => {
  const audience = new Audience()
  const member = makeSession()
  const heard: unknown[] = []
  const stay = audience.stay(member.session, (message) => heard.push(message))
  member.say('a')
  member.say('b')
  member.leave()
  await stay
  assert.equal(heard, ['a', 'b'])
})

test('a member that owes more than a mebibyte is passed over', async () => {
  const audience = new Audience()
  const [slow, quick] = [makeSession(1024 * 1024 + 1), makeSession(1024 * 1024)]
  const stays = [audience.stay(slow.session), audience.stay(quick.session)]
  assert.is(audience.tell({ text: 'hi' }), 1)
  assert.equal(slow.received, [])
  slow.leave()
  quick.leave()
  await Promise.all(stays)
})
