import { PassThrough } from 'node:stream'
import { Http2Connection } from '../../../src/conformance/peer/http2-connection.ts'
import { stopClock } from '../../support/clock.ts'
import { turns } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/peer/http2-connection')

test('reports a wait that times out, and not one that the end of the connection ends', async (t) => {
  const clock = stopClock(t)
  let timeouts = 0
  const connection = new Http2Connection(new PassThrough(), { onTimeout: () => timeouts++ })
  const never = (): boolean => false
  const late = connection.until(never, 20)
  clock.tick(20)
  assert.is(await late, false)
  assert.is(timeouts, 1)
  const waits = [connection.until(never, 20), connection.until(never)]
  connection.destroy()
  assert.equal(await Promise.all(waits), [false, false])
  clock.tick(100)
  await turns()
  assert.is(timeouts, 1)
})
