import { Expiry } from '../../src/room/expiry.ts'
import { block } from '../support/blocked-loop.ts'
import { socketPair } from '../support/socket-pair.ts'
import { turns } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('expiry')

test('does not expire when a message arrived while the event loop was blocked', async (t) => {
  const [near, far] = await socketPair(t)
  const log: string[] = []
  const expiry = new Expiry(20, () => log.push('expired'))
  far.on('data', () => {
    log.push('message')
    expiry.onMessage()
    expiry.onEnd()
  })
  near.write('message')
  block(60)
  await turns()
  assert.equal(log, ['message'])
})
