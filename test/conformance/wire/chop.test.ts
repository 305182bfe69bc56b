import { Duplex } from 'node:stream'
import { writeChopped } from '../../../src/conformance/wire/chop.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/chop')

test('hundreds of writes that wait for one stream add one listener, and its end ends them', async () => {
  const stream = new Duplex({ read() {}, write() {} })
  const before = stream.listenerCount('close')
  const writes = Array.from({ length: 200 }, () => writeChopped(stream, Buffer.from('x')))
  assert.is(stream.listenerCount('close'), before + 1)
  stream.destroy()
  await Promise.all(writes)
})
