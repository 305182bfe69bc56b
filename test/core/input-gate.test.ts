import { PauseReason } from '../../src/core/input-gate.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { chunkings, closeFrame, frame } from '../support/wire.ts'
import { make } from './protocol-recorder.ts'

const test = suite('input-gate')

test('close() inside a message callback: what follows in the chunk is discarded up to the Close', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => entry === 'text one' && protocol.close(1000)
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two'), closeFrame(1000)]))
  assert.equal(log, ['text one', 'sent 8 03e8', 'close expected', 'closed 1000 clean local'])
})

test('the end inside a message callback: the rest of the chunk is dropped', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => entry === 'text one' && protocol.receiveEnd(new Error('cut'), 'local')
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two')]))
  assert.equal(log, ['text one', 'closed 1006 unclean local'])
})

test('an error that is not a violation passes through', async () => {
  const { protocol, sink } = make()
  sink.on = () => {
    throw new TypeError('a bug')
  }
  assert.is((await thrownBy(() => protocol.receive(frame(1, 'x')))).message, 'a bug')
})

test('pause() inside a message callback: the rest of the chunk waits, in order, for resume()', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => entry === 'text one' && protocol.pause(PauseReason.READER)
  const bytes = Buffer.concat([frame(1, 'one'), frame(1, 'two'), frame(1, 'three')])
  protocol.receive(bytes)
  bytes.fill(0)
  protocol.receive(frame(1, 'four'))
  assert.equal(log, ['text one', 'stop'])
  assert.ok(protocol.memoryUsed > 0)
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['text one', 'stop', 'text two', 'text three', 'text four', 'read'])
  assert.is(protocol.memoryUsed, 0)
})

test('pause() in the last callback of a chunk stores nothing', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => entry === 'text one' && protocol.pause(PauseReason.READER)
  protocol.receive(frame(1, 'one'))
  assert.is(protocol.memoryUsed, 0)
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['text one', 'stop', 'read'])
})

test('pause() and resume() inside one callback: parsing continues', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => {
    if (entry !== 'text one') return
    protocol.pause(PauseReason.READER)
    protocol.resume(PauseReason.READER)
  }
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two')]))
  assert.equal(log, ['text one', 'stop', 'read', 'text two'])
})

test('receive() inside a callback waits its turn', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => entry === 'text one' && protocol.receive(frame(1, 'three'))
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two')]))
  assert.equal(log, ['text one', 'text two', 'text three'])
})

test('receive() and pause() inside one callback: later input waits after the rest of the chunk', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => {
    if (entry !== 'text one') return
    protocol.receive(frame(1, 'three'))
    protocol.pause(PauseReason.READER)
  }
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two')]))
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['text one', 'stop', 'text two', 'text three', 'read'])
})

test('pause reasons add up: input continues when the last one is removed', () => {
  const { protocol, log } = make()
  protocol.pause(PauseReason.READER)
  protocol.pause(PauseReason.BACKPRESSURE)
  assert.ok(protocol.isPaused)
  protocol.receive(frame(1, 'x'))
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['stop'])
  protocol.resume(PauseReason.BACKPRESSURE)
  protocol.resume(PauseReason.BACKPRESSURE)
  assert.equal(log, ['stop', 'text x', 'read'])
})

test('a pause while the stored input is parsed stops it again', () => {
  const { protocol, log, sink } = make()
  protocol.pause(PauseReason.READER)
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two')]))
  sink.on = (entry) => entry === 'text one' && protocol.pause(PauseReason.READER)
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['stop', 'text one', 'stop'])
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['stop', 'text one', 'stop', 'text two', 'read'])
})

test('close() removes the pauses of the application: the Close frame is noticed', () => {
  const { protocol, log } = make()
  protocol.pause(PauseReason.READER)
  protocol.close()
  protocol.pause(PauseReason.READER)
  protocol.receive(closeFrame(1000))
  assert.equal(log, ['stop', 'sent 8 03e8', 'close expected', 'read', 'closed 1000 clean local'])
})

test('releases idle memory between messages, keeps unfinished messages, and continues afterwards', () => {
  const stream = Buffer.concat([frame(1, 'fr', { fin: false }), frame(0, 'agment'), frame(1, 'whole')])
  for (const { name, chunks } of chunkings(stream)) {
    const { protocol, log } = make()
    protocol.releaseIdleMemory()
    for (const chunk of chunks) {
      protocol.receive(Buffer.from(chunk))
      protocol.releaseIdleMemory()
    }
    assert.equal(log, ['text fragment', 'text whole'], name)
    assert.is(protocol.frameCount, 0)
    protocol.pause(PauseReason.READER)
    protocol.receive(frame(1, 'held'))
    protocol.releaseIdleMemory()
    protocol.resume(PauseReason.READER)
    assert.equal(log.slice(2), ['stop', 'text held', 'read'], name)
  }
})

test('tells input that is being parsed from the memory of a message in pieces', () => {
  const { protocol, sink } = make()
  const seen: boolean[] = []
  sink.onBinaryMessage = (bytes) => seen.push(protocol.isParsing(bytes))
  const chunk = Buffer.concat([frame(2, 'whole'), frame(2, 'in ', { fin: false }), frame(0, 'pieces')])
  protocol.receive(chunk)
  assert.equal(seen, [true, false])
  assert.is(protocol.isParsing(chunk), false)
})

test('releases nothing in the middle of a chunk', () => {
  const { protocol, sink, log } = make()
  sink.onBinaryMessage = () => protocol.releaseIdleMemory()
  protocol.receive(Buffer.concat([frame(2, 'a'), frame(1, 'b')]))
  assert.equal(log, ['text b'])
})

test('counts the memory of what it stores while paused, chunk by chunk', () => {
  const { protocol, log } = make()
  assert.is(protocol.memoryUsed, 0)
  assert.is(protocol.backlogBytes, 0)
  protocol.pause(PauseReason.RATE)
  protocol.receive(Buffer.alloc(0))
  assert.is(protocol.memoryUsed, 0)
  const chunks = [frame(1, 'one'), frame(1, 'three')]
  for (const chunk of chunks) protocol.receive(Buffer.from(chunk))
  assert.is(protocol.memoryUsed, Buffer.concat(chunks).length)
  assert.is(protocol.backlogBytes, Buffer.concat(chunks).length)
  protocol.resume(PauseReason.RATE)
  assert.is(protocol.memoryUsed, 0)
  assert.equal(log, ['stop', 'text one', 'text three', 'read'])
})

test('a pause for a turn of the event loop also applies while closing, and the Close frame after it is read', () => {
  const { protocol, log } = make()
  protocol.close()
  protocol.pause(PauseReason.TURN | PauseReason.READER)
  assert.is(protocol.pauseReasons, PauseReason.TURN)
  protocol.receive(closeFrame(1000))
  assert.equal(log, ['sent 8 03e8', 'close expected', 'stop'])
  protocol.resume(PauseReason.TURN)
  assert.is(log.at(-1), 'closed 1000 clean local')
})

test('close() leaves a pause for a turn of the event loop, and for the codec', () => {
  const { protocol, log } = make()
  protocol.pause(PauseReason.TURN | PauseReason.RATE)
  protocol.close()
  assert.equal(log, ['stop', 'sent 8 03e8', 'close expected'])
  protocol.resume(PauseReason.TURN)
  assert.is(log.at(-1), 'read')
})
