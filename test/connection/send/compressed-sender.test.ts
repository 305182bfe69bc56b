import { Writable } from 'node:stream'
import { CompressedSender } from '../../../src/connection/send/compressed-sender.ts'
import { Outbox } from '../../../src/connection/send/outbox.ts'
import type { MessageCodec } from '../../../src/core/message-codec.ts'
import { assert, suite } from '../../support/unit.ts'
import { hex, unmasked } from '../../support/wire.ts'

const test = suite('compressed sender')

/** A codec that finishes when the test calls `finish`, and compresses nothing. */
class SlowCodec implements MessageCodec {
  readonly dones: ((payload: Uint8Array | null) => void)[] = []

  decompress(): void {}

  wantsCompression(size: number): boolean {
    return size > 4
  }

  compress(_message: Uint8Array, done: (payload: Uint8Array | null) => void): void {
    this.dones.push(done)
  }

  release(): void {}
}

function setUp(): { sender: CompressedSender; codec: SlowCodec; written: () => Buffer } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  const outbox = new Outbox(stream)
  const codec = new SlowCodec()
  const sender = new CompressedSender(outbox, codec, { onSent: () => outbox.flush(), onWaiting: () => {} })
  return { sender, codec, written: () => Buffer.concat(chunks) }
}

test('keeps the order after a message that is being compressed, with the Close frame last', () => {
  const { sender, codec, written } = setUp()
  sender.send('long text', undefined)
  sender.send('b', undefined)
  sender.send('c', { compress: false })
  sender.send('long again', undefined)
  sender.sendClose(hex('03 e8'))
  codec.dones.shift()!(null)
  codec.dones.shift()!(null)
  const expected = [unmasked(1, 'long text'), unmasked(1, 'b'), unmasked(1, 'c'), unmasked(1, 'long again')]
  assert.equal(written(), Buffer.concat([...expected, unmasked(8, hex('03 e8'))]))
  assert.is(sender.waitingBytes, 0)
})

test('sends small messages that waited for the codec as they were when they were sent', () => {
  const { sender, codec, written } = setUp()
  const bytes = Buffer.from('as it was')
  sender.send(bytes, undefined)
  sender.send(bytes, { compress: false })
  bytes.fill('x')
  codec.dones.shift()!(null)
  assert.equal(written(), Buffer.concat([unmasked(2, 'as it was'), unmasked(2, 'as it was')]))
})

test('counts messages that wait for the codec, each with its overhead, including empty ones', () => {
  const { sender, codec } = setUp()
  sender.send('long text', undefined)
  for (let count = 0; count < 1000; count++) sender.send('', undefined)
  assert.is(sender.waitingBytes, 'long text'.length + 1000 * 512)
  codec.dones.shift()!(null)
  assert.is(sender.waitingBytes, 0)
})
