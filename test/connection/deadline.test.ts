import { startDeadline } from '../../src/connection/deadline.ts'
import { block } from '../support/blocked-loop.ts'
import { socketPair } from '../support/socket-pair.ts'
import { turns } from '../support/tick.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deadline')

test('is late after its time', async () => {
  const start = performance.now()
  await new Promise<void>((resolve) => startDeadline(20, resolve))
  assert.ok(performance.now() - start >= 19)
})

test('is not late when the response arrived while the event loop was blocked', async (t) => {
  const [near, far] = await socketPair(t)
  const log: string[] = []
  const cancel = startDeadline(20, () => log.push('late'))
  far.on('data', () => {
    log.push('response')
    cancel()
  })
  near.write('response')
  block(60)
  await turns()
  assert.equal(log, ['response'])
})
