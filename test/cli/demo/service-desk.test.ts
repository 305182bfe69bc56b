import { ServiceDesk } from '../../../src/cli/demo/service-desk.ts'
import { stopClock } from '../../support/clock.ts'
import { FakePeer } from '../../support/fake-session.ts'
import { endOfTick } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('service desk')

// biome-ignore lint/suspicious/noExplicitAny: messages are checked one property at a time
type Message = any

const messagesTo = (peer: FakePeer): Message[] => peer.received.map((text) => JSON.parse(String(text)))

/** Resolves to the latest state that a page received. */
async function stateOf(peer: FakePeer): Promise<Message> {
  await endOfTick()
  return messagesTo(peer).findLast(({ entries }) => entries === undefined)
}

/** Returns the conversation entries that a page received: `name: text`. */
const talkOf = (peer: FakePeer): string[] =>
  messagesTo(peer).flatMap(({ entries = [] }) => entries.map(({ name, text }: Message) => `${name}: ${text}`))

function openDesk() {
  const desk = new ServiceDesk()
  const customer = (name: string) => {
    const peer = new FakePeer()
    const side = desk.welcomeCustomer(name, peer.session)
    desk.enter(side, name)
    desk.say(side, 1, `${name}’s topic`)
    return { peer, side }
  }
  const agent = (key: string) => {
    const peer = new FakePeer()
    return { peer, side: desk.welcomeAgent(key, peer.session) }
  }
  return { desk, customer, agent }
}

test('everyone receives the state of the queue, agents with the topics', async () => {
  const { customer, agent } = openDesk()
  const [ann, ben, one] = [customer('Ann'), customer('Ben'), agent('one')]
  assert.equal([(await stateOf(ann.peer)).place, (await stateOf(ben.peer)).place], [1, 2])
  const { line, free } = await stateOf(one.peer)
  assert.equal(
    line.map(({ name, topic }: Message) => [name, topic]),
    [
      ['Ann', 'Ann’s topic'],
      ['Ben', 'Ben’s topic'],
    ],
  )
  assert.equal(free, ['Agent 1'])
})

test('an agent serves one customer at a time, and a repeated message is shown once', async () => {
  const { desk, customer, agent } = openDesk()
  const [ann, ben, one] = [customer('Ann'), customer('Ben'), agent('one')]
  desk.takeNext(one.side)
  desk.takeNext(one.side)
  desk.say(one.side, 1, 'Yes?')
  desk.say(one.side, 1, 'Yes?')
  desk.say(ann.side, 2, 'So …')
  desk.say(ann.side, 1, 'Ann’s topic')
  const talk = ['Ann: Ann’s topic', ': Agent 1 is helping Ann now.', 'Agent 1: Yes?', 'Ann: So …']
  assert.equal([talkOf(ann.peer), talkOf(one.peer)], [talk, talk])
  assert.equal(talkOf(ben.peer), ['Ben: Ben’s topic'])
  assert.is((await stateOf(ann.peer)).heard, 2)
})

test('a customer is handed over to a free colleague only', async () => {
  const { desk, customer, agent } = openDesk()
  const [ann, ben] = [customer('Ann'), customer('Ben')]
  const [one, two] = [agent('one'), agent('two')]
  desk.takeNext(one.side)
  desk.takeNext(two.side)
  desk.handOver(one.side, 'Agent 2')
  desk.handOver(one.side, 'Agent 3')
  assert.is((await stateOf(ann.peer)).agent, 'Agent 1')
  desk.end(two.side.ticket, 'over')
  desk.handOver(one.side, 'Agent 2')
  assert.equal([(await stateOf(ann.peer)).agent, (await stateOf(one.peer)).ticket], ['Agent 2', null])
  assert.equal(talkOf(two.peer).slice(-3), [
    ': Agent 1 is helping Ann now.',
    ': Agent 1 is handing over to Agent 2.',
    ': Agent 2 is helping Ann now.',
  ])
  assert.ok((await stateOf(ben.peer)).endedTicket > 0)
})

test('a customer who is handed back is first in line', async () => {
  const { desk, customer, agent } = openDesk()
  const [ann, ben, one] = [customer('Ann'), customer('Ben'), agent('one')]
  desk.takeNext(one.side)
  desk.handOver(one.side, '')
  assert.equal([(await stateOf(ann.peer)).place, (await stateOf(ben.peer)).place], [1, 2])
})

test('a side that does not reconnect is gone, and the other side is notified', async (t) => {
  const clock = stopClock(t)
  const { desk, customer, agent } = openDesk()
  const [ann, one, two] = [customer('Ann'), agent('one'), agent('two')]
  desk.takeNext(one.side)
  desk.loseAgent(one.side, one.peer.session, 20)
  assert.ok((await stateOf(ann.peer)).with.isAway)
  clock.tick(20)
  const { place, agents } = await stateOf(ann.peer)
  assert.equal([place, agents], [1, 1])
  desk.takeNext(two.side)
  desk.loseCustomer(ann.side, ann.peer.session, 20)
  assert.ok((await stateOf(two.peer)).with.isAway)
  clock.tick(20)
  assert.is((await stateOf(two.peer)).ticket, null)
  assert.is(talkOf(two.peer).at(-1), ': Ann has left.')
})

test('a side that reconnects receives the conversation again', async () => {
  const { desk, customer, agent } = openDesk()
  const [ann, one] = [customer('Ann'), agent('one')]
  desk.takeNext(one.side)
  desk.loseCustomer(ann.side, ann.peer.session, 60_000)
  desk.say(one.side, 1, 'Are you there?')
  const again = new FakePeer()
  assert.is(desk.welcomeCustomer('Ann', again.session), ann.side)
  assert.equal(talkOf(again), ['Ann: Ann’s topic', ': Agent 1 is helping Ann now.', 'Agent 1: Are you there?'])
  assert.not.ok((await stateOf(one.peer)).with.isAway)
})

test('a full line accepts nobody', async () => {
  const { desk, customer } = openDesk()
  for (let count = 1; count <= 200; count++) customer(`Customer ${count}`)
  const last = customer('Last')
  assert.is(last.side.ticket, null)
  assert.ok((await stateOf(last.peer)).isFull)
  desk.end(desk.welcomeCustomer('Customer 1', new FakePeer().session).ticket, 'over')
  desk.enter(last.side, 'Last')
  assert.is((await stateOf(last.peer)).place, 200)
})
