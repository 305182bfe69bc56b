import { Duplex } from 'node:stream'
import { type ConnectionLimits, readLimits } from '../../../src/connection/limits.ts'
import { SendBuffer } from '../../../src/connection/send/backpressure.ts'
import { Outbox } from '../../../src/connection/send/outbox.ts'
import { endOfTick } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'
import { unmasked } from '../../support/wire.ts'

const test = suite('send buffer')

/** A peer that reads nothing until it is told to. */
class Peer extends Duplex {
  readonly taken: Buffer[] = []
  writes = 0
  #done: (() => void) | null = null
  #isReading = false

  constructor(writableHighWaterMark = 1_000) {
    super({ writableHighWaterMark })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++
    this.taken.push(chunk)
    if (this.#isReading) done()
    else this.#done = done
  }

  /** Reads everything from now on. */
  async readAll(): Promise<void> {
    this.#isReading = true
    this.#done?.()
    this.#done = null
    await endOfTick()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.taken)
  }
}

function make(limits: Partial<ConnectionLimits> = {}, streamMark?: number) {
  const peer = new Peer(streamMark)
  const log: string[] = []
  const outbox = new Outbox(peer)
  const buffer: SendBuffer = new SendBuffer(peer, outbox, readLimits(limits), {
    get bufferedAmount() {
      return outbox.bufferedAmount
    },
    onOverMark: () => log.push('over'),
    onDrained: () => log.push('drained'),
    onOverflow: (total) => log.push(`overflow ${total}`),
  })
  peer.on('drain', () => buffer.onSent())
  const send = (size: number): boolean => {
    outbox.sendBytes(2, Buffer.alloc(size))
    return buffer.settle()
  }
  return { peer, log, outbox, buffer, send }
}

test('has room up to the high-water mark, inclusive', async () => {
  const { outbox, send } = make({ highWaterMark: 100 })
  assert.is(send(98), true)
  assert.is(outbox.bufferedAmount, 100)
  assert.is(send(0), false)
})

test('says once that it is over the mark, and that it is drained when nothing waits', async () => {
  for (const streamMark of [10, 1_000_000]) {
    const { peer, log, outbox, send } = make({ highWaterMark: 100 }, streamMark)
    assert.is(send(200), false)
    await endOfTick()
    assert.equal(log, ['over'])
    await peer.readAll()
    assert.equal(log, ['over', 'drained'])
    assert.is(outbox.bufferedAmount, 0)
    assert.is(send(10), true)
    await peer.readAll()
    assert.equal(log, ['over', 'drained'])
  }
})

test('S-51: refuses what would go over the hard cap, and tells the total', () => {
  const { log, outbox, buffer, send } = make({ highWaterMark: 100, maxBufferedAmount: 1_000 })
  send(496)
  assert.is(outbox.bufferedAmount, 500)
  assert.is(buffer.admit(500), true)
  assert.is(buffer.admit(501), false)
  assert.equal(log, ['over', 'overflow 1001'])
})

test('admits one message over the cap when nothing waits', () => {
  const { log, buffer } = make({ maxBufferedAmount: 1_000 })
  assert.is(buffer.admit(5_000), true)
  assert.equal(log, [])
})

test('S-50: keeps only the latest pong for a peer that does not read, and one entry in the stream', async () => {
  const { peer, buffer, send } = make({}, 1_000_000)
  send(10)
  await endOfTick()
  for (let i = 0; i < 10_000; i++) buffer.keepPong(Buffer.from(`pong ${i}`))
  await endOfTick()
  assert.is(peer.writableLength, 12)
  await peer.readAll()
  assert.ok(peer.bytes.equals(Buffer.concat([unmasked(2, Buffer.alloc(10)), unmasked(10, 'pong 9999')])))
  assert.ok(peer.writes <= 3, `${peer.writes} writes`)
})

test('sends the pong that waits when told to, once', async () => {
  const { peer, outbox, buffer, send } = make({}, 1_000_000)
  send(10)
  await endOfTick()
  buffer.keepPong(Buffer.from('late'))
  buffer.sendWaitingPong()
  outbox.sendBytes(8, Buffer.alloc(0))
  await endOfTick()
  await peer.readAll()
  assert.ok(
    peer.bytes.equals(
      Buffer.concat([unmasked(2, Buffer.alloc(10)), unmasked(10, 'late'), unmasked(8, Buffer.alloc(0))]),
    ),
  )
})

test('drained() resolves at once with nothing waiting, else when it is taken or released', async () => {
  const { peer, buffer, send } = make({}, 1_000_000)
  await buffer.drained()
  send(10)
  let count = 0
  const both = [buffer.drained(), buffer.drained()].map((each) => each.then(() => count++))
  await endOfTick()
  assert.is(count, 0)
  await peer.readAll()
  await Promise.all(both)
  assert.is(count, 2)
  const other = make()
  other.send(10)
  const drained = other.buffer.drained()
  other.buffer.release()
  await drained
})
