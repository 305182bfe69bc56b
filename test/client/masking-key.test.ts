import { connect } from '../../src/index.ts'
import { assert, suite } from '../support/unit.ts'
import { accept, rawServer } from './raw-server.ts'

const test = suite('connect: masking keys')

test('S-42: masks each frame with its own unpredictable key', async (t) => {
  const keys = new Set<string>()
  let bits = 0
  let take = (_: Buffer): void => {}
  const all = new Promise<void>((resolve) => {
    let bytes = Buffer.alloc(0)
    take = (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (; bytes.length >= 7; bytes = bytes.subarray(7)) {
        assert.equal([bytes[0], bytes[1]], [0x81, 0x81])
        assert.is(bytes[6] ^ bytes[2], 0x78)
        keys.add(bytes.toString('hex', 2, 6))
        for (let key = bytes.readUInt32BE(2); key !== 0; key >>>= 1) bits += key & 1
        if (keys.size >= 2_990) resolve()
      }
    }
  })
  const url = await rawServer(t, (socket, head) => {
    socket.write(accept(head))
    socket.on('data', (chunk) => take(chunk))
  })
  const connection = await connect(url)
  for (let i = 0; i < 3_000; i++) connection.send('x')
  await all
  connection.terminate()
  // Half of all bits, within six deviations.
  assert.ok(Math.abs(bits / (keys.size * 32) - 0.5) < 0.01, `${bits}`)
})
