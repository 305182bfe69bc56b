import { ProtocolError } from '../../src/core/errors.ts'
import type { InflateSink, MessageInflater } from '../../src/core/message-codec.ts'
import type { StreamSink } from '../../src/core/stream-assembler.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { assert, suite } from '../support/unit.ts'
import { chunkings, closeFrame, frame } from '../support/wire.ts'
import { LateCodec, make } from './protocol-recorder.ts'

const test = suite('streamed messages')

/** Records what is delivered. `joined` has the joined parts of one message. */
class Recorder implements StreamSink {
  readonly log: string[] = []
  readonly joined: Buffer[] = []
  on: (entry: string) => void = () => {}

  note(entry: string): void {
    this.log.push(entry)
    this.on(entry)
  }

  onStreamBegin(isText: boolean): void {
    this.joined.push(Buffer.alloc(0))
    this.note(isText ? 'text' : 'binary')
  }

  onStreamPart(bytes: Buffer, start: number, end: number): void {
    this.joined.push(Buffer.concat([this.joined.pop()!, bytes.subarray(start, end)]))
    this.note(bytes.toString('latin1', start, end))
  }

  onStreamEnd(): void {
    this.note('end')
  }

  onStreamAbort(): void {
    this.note('abort')
  }
}

/** An inflater that returns a piece unchanged when the test calls it. */
class ManualInflater implements MessageInflater {
  readonly log: string[] = []
  readonly sink: InflateSink
  readonly isLate: boolean

  constructor(sink: InflateSink, isLate: boolean) {
    this.sink = sink
    this.isLate = isLate
  }

  push(piece: Uint8Array, last: boolean): void {
    this.log.push(`push ${Buffer.from(piece)}${last ? ' last' : ''}`)
    if (this.isLate) return
    this.sink.onInflated(Buffer.from(piece))
    this.sink.onInflatedPiece()
  }

  pause(): void {
    this.log.push('pause')
  }

  resume(): void {
    this.log.push('resume')
  }

  release(): void {
    this.log.push('release')
  }
}

class StreamCodec extends LateCodec {
  readonly inflaters: ManualInflater[] = []
  isLate = false

  inflateStream(sink: InflateSink): MessageInflater {
    const inflater = new ManualInflater(sink, this.isLate)
    this.inflaters.push(inflater)
    return inflater
  }
}

function open(
  { maxStreamSize, maxFrames = 100, isLate = false, hasCodec = false, early = [] as Buffer[] } = {} as {
    maxStreamSize?: number
    maxFrames?: number
    isLate?: boolean
    hasCodec?: boolean
    early?: Buffer[]
  },
) {
  const codec = new StreamCodec()
  codec.isLate = isLate
  const made = make({ limits: { maxMessageSize: 10, maxFrames, maxStreamSize }, codec: hasCodec ? codec : null })
  for (const bytes of early) made.protocol.receive(bytes)
  const recorder = new Recorder()
  made.protocol.streamTo(recorder)
  const receive = (...frames: Buffer[]) => made.protocol.receive(Buffer.concat(frames))
  return { ...made, recorder, parts: recorder.log, codec, receive }
}

test('delivers whole, fragmented and empty messages in parts, control frames between', () => {
  const { parts, log, receive } = open()
  receive(frame(1, 'hello'), frame(2, ''), frame(2, 'ab', { fin: false }), frame(9, 'p'), frame(0, '', { fin: false }))
  receive(frame(0, 'cd'))
  assert.equal(parts, ['text', 'hello', 'end', 'binary', 'end', 'binary', 'ab', 'cd', 'end'])
  assert.equal(log, ['sent 10 70'])
})

test('delivers the same bytes for every chunking, each part before the message is whole', () => {
  const wire = Buffer.concat([frame(1, 'grün ', { fin: false }), frame(0, '€ 𝒳'), frame(2, Buffer.alloc(300, 7))])
  for (const { name, chunks } of chunkings(wire)) {
    const { recorder, protocol } = open()
    for (const chunk of chunks) protocol.receive(Buffer.from(chunk))
    assert.equal(recorder.joined, [Buffer.from('grün € 𝒳'), Buffer.alloc(300, 7)], name)
    assert.is(recorder.log.at(-1), 'end', name)
  }
  const { parts, receive } = open()
  receive(frame(2, 'long message').subarray(0, -3))
  assert.equal(parts, ['binary', 'long mess'])
})

test('is not bounded by maxMessageSize, but by maxStreamSize', () => {
  const { parts, receive } = open()
  receive(frame(2, 'more than ten bytes'))
  assert.equal(parts, ['binary', 'more than ten bytes', 'end'])
  const limited = open({ maxStreamSize: 15 })
  limited.receive(frame(2, 'ten bytes!', { fin: false }), frame(0, 'and more'))
  assert.equal(limited.parts, ['binary', 'ten bytes!', 'abort'])
  assert.is(limited.sink.info?.code, 1009)
  assert.match(limited.sink.info?.reason ?? '', /option maxStreamSize/)
})

test('counts frames under 1 KiB only', () => {
  const { sink, receive } = open({ maxFrames: 3 })
  receive(frame(2, 'a', { fin: false }))
  for (let i = 0; i < 10; i++) receive(frame(0, Buffer.alloc(1024), { fin: false }))
  receive(frame(0, 'b', { fin: false }), frame(0, 'c', { fin: false }))
  assert.is(sink.info, null)
  receive(frame(0, 'd', { fin: false }))
  assert.is(sink.info?.code, 1008)
})

test('fails with 1002 when frames are out of order', () => {
  const lonely = open()
  lonely.receive(frame(0, 'x'))
  assert.is(lonely.sink.info?.code, 1002)
  assert.equal(lonely.parts, [])
  const nested = open()
  nested.receive(frame(1, 'x', { fin: false }), frame(1, 'y'))
  assert.is(nested.sink.info?.code, 1002)
  assert.equal(nested.parts, ['text', 'x', 'abort'])
})

test('fails with 1007 at the first byte that is not UTF-8, and at a text that ends inside a character', () => {
  const bad = open()
  bad.receive(frame(1, Buffer.from('61ff', 'hex'), { fin: false }))
  assert.is(bad.sink.info?.code, 1007)
  assert.equal(bad.parts, ['text', 'abort'])
  const cut = open()
  cut.receive(frame(1, Buffer.from('61e282', 'hex')))
  assert.is(cut.sink.info?.code, 1007)
  assert.is(cut.parts.at(-1), 'abort')
  const fine = open()
  fine.receive(frame(2, Buffer.from('61ff', 'hex')))
  assert.is(fine.sink.info, null)
})

test('continues a message that has begun, with what was gathered of it', () => {
  const gathered = open({ early: [frame(1, 'grü', { fin: false }).subarray(0, -1)] })
  gathered.receive(frame(1, 'grü', { fin: false }).subarray(-1), frame(0, 'n'))
  assert.is(String(gathered.recorder.joined[0]), 'grün')
  assert.is(gathered.parts.at(-1), 'end')
  const nothing = open({ early: [frame(2, 'abc').subarray(0, 6)] })
  nothing.receive(frame(2, 'abc').subarray(6))
  assert.equal(nothing.parts, ['binary', 'abc', 'end'])
  const deflated = open({ hasCodec: true, early: [frame(2, 'abc', { fin: false, rsv: 4 })] })
  deflated.receive(frame(0, 'd'))
  assert.equal(deflated.parts, ['binary', 'abc', 'd', 'end'])
})

test('fails with 1009 when what was gathered of a message is more than maxStreamSize', () => {
  const { sink, parts } = open({ maxStreamSize: 3, early: [frame(1, 'long', { fin: false })] })
  assert.is(sink.info?.code, 1009)
  assert.equal(parts, ['text', 'abort'])
})

test('begins between two messages of one chunk when a callback requests it', () => {
  const { sink, protocol, log } = make()
  const recorder = new Recorder()
  sink.on = (entry) => {
    if (entry === 'text one') protocol.streamTo(recorder)
  }
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two'), frame(1, 'three')]))
  assert.equal(log, ['text one'])
  assert.equal(recorder.log, ['text', 'two', 'end', 'text', 'three', 'end'])
})

test('works before the first byte, after idle memory was released, and while paused', () => {
  const { protocol, parts, receive } = open()
  receive(frame(1, 'a'))
  protocol.pause(1)
  protocol.releaseIdleMemory()
  assert.is(protocol.memoryUsed, 0)
  receive(frame(1, 'b'))
  protocol.resume(1)
  assert.equal(parts, ['text', 'a', 'end', 'text', 'b', 'end'])
  const paused = make()
  paused.protocol.receive(frame(1, 'x', { fin: false }))
  paused.protocol.pause(1)
  const recorder = new Recorder()
  paused.protocol.streamTo(recorder)
  paused.protocol.receive(frame(0, 'y'))
  assert.equal(recorder.log, ['text', 'x'])
  paused.protocol.resume(1)
  assert.equal(recorder.log, ['text', 'x', 'y', 'end'])
})

test('delivers what an engine reads whole, and uses no memory of its own', () => {
  const { protocol } = make({ engine: fastEngine })
  const recorder = new Recorder()
  protocol.streamTo(recorder)
  protocol.receive(Buffer.concat([frame(1, 'a'), frame(2, 'b'), frame(1, 'c', { fin: false })]))
  assert.is(protocol.memoryUsed, 0)
  assert.equal(recorder.log, ['text', 'a', 'end', 'binary', 'b', 'end', 'text', 'c'])
})

test('stops between two parts when a callback pauses', () => {
  const { recorder, protocol, parts, receive } = open()
  recorder.on = (entry) => {
    if (entry === 'a') protocol.pause(1)
  }
  receive(frame(2, 'a', { fin: false }), frame(0, 'b'))
  assert.equal(parts, ['binary', 'a'])
  protocol.resume(1)
  assert.equal(parts, ['binary', 'a', 'b', 'end'])
})

test('aborts the message in progress when either side closes', () => {
  const remote = open()
  remote.receive(frame(1, 'half', { fin: false }), closeFrame(1001))
  assert.equal(remote.parts, ['text', 'half', 'abort'])
  assert.is(remote.sink.info?.code, 1001)
  const local = open()
  local.receive(frame(1, 'half', { fin: false }))
  local.protocol.close(1000)
  assert.equal(local.parts, ['text', 'half', 'abort'])
  local.receive(frame(0, 'rest'), frame(1, 'more'), frame(2, 'x', { fin: false }), closeFrame(1000))
  assert.equal(local.parts, ['text', 'half', 'abort'])
  assert.ok(local.sink.info?.wasClean)
  const ended = open()
  ended.receive(frame(1, 'half', { fin: false }))
  ended.protocol.receiveEnd()
  assert.equal(ended.parts, ['text', 'half', 'abort'])
  const late = make()
  late.protocol.receive(frame(1, 'a'))
  late.protocol.close(1000)
  const recorder = new Recorder()
  late.protocol.streamTo(recorder)
  late.protocol.receive(frame(1, 'b'))
  assert.equal(recorder.log, [])
})

test('delivers the message in the codec, even after idle memory was released, and checks it', () => {
  const { protocol, parts, codec, receive, log } = open({ hasCodec: true, early: [frame(1, '_abc', { rsv: 4 })] })
  codec.finish!()
  receive(frame(2, 'd'))
  assert.equal(parts, ['text', 'abc', 'end', 'binary', 'd', 'end'])
  assert.is(protocol.isPaused, false)
  assert.equal(log, ['stop', 'read'])
  const released = make({ codec })
  released.protocol.receive(frame(2, '_', { rsv: 4 }))
  released.protocol.releaseIdleMemory()
  const recorder = new Recorder()
  released.protocol.streamTo(recorder)
  codec.finish!()
  assert.equal(recorder.log, ['binary', 'end'])
  const tooLong = open({ hasCodec: true, maxStreamSize: 2, early: [frame(1, '_abc', { rsv: 4 })] })
  tooLong.codec.finish!()
  assert.is(tooLong.sink.info?.code, 1009)
  assert.equal(tooLong.parts, ['text', 'abort'])
  const closing = open({ hasCodec: true, early: [frame(1, '_abc', { rsv: 4 })] })
  closing.protocol.close(1000)
  closing.codec.finish!()
  closing.receive(closeFrame(1000))
  assert.equal(closing.parts, [])
  assert.ok(closing.sink.info?.wasClean)
})

test('inflates piece by piece, and reads no further frame meanwhile', () => {
  const { protocol, parts, codec, receive } = open({ hasCodec: true, isLate: true })
  receive(frame(1, 'abc', { fin: false, rsv: 4 }), frame(0, '', { fin: false }), frame(0, 'de'))
  const [{ log, sink }] = codec.inflaters
  assert.equal(log, ['push abc'])
  assert.is(protocol.compressedBytes, 3)
  sink.onInflated(Buffer.from('one '))
  sink.onInflatedPiece()
  assert.ok(log.includes('push de last'))
  sink.onInflated(Buffer.from('two'))
  sink.onInflatedPiece()
  assert.equal(parts, ['text', 'one ', 'two', 'end'])
  assert.is(log.at(-1), 'release')
  assert.is(protocol.isPaused, false)
})

test('pauses the inflater with the input, and resumes it', () => {
  const { protocol, codec, receive } = open({ hasCodec: true, isLate: true })
  protocol.pause(1)
  receive(frame(1, 'abc', { fin: false, rsv: 4 }))
  protocol.resume(1)
  const { log, sink } = codec.inflaters[0]
  protocol.pause(1)
  assert.is(log.at(-1), 'pause')
  protocol.resume(1)
  assert.is(log.at(-1), 'resume')
  protocol.pause(1)
  sink.onInflatedPiece()
  assert.is(log.at(-1), 'pause')
})

test('begins with a paused inflater when the callback of the last message has paused', () => {
  const { protocol, parts, codec, recorder } = open({ hasCodec: true, early: [frame(2, 'z', { fin: false, rsv: 4 })] })
  assert.equal(codec.inflaters[0].log, ['push z'])
  assert.equal(parts, ['binary', 'z'])
  const paused = make({ codec })
  paused.protocol.receive(frame(2, 'y', { fin: false, rsv: 4 }))
  paused.protocol.pause(1)
  paused.protocol.streamTo(recorder)
  assert.equal(codec.inflaters[1].log, ['pause', 'push y'])
  protocol.receiveEnd()
})

test('fails when a message cannot be inflated, inflates to too much or to invalid text', () => {
  const broken = open({ hasCodec: true, isLate: true })
  broken.receive(frame(1, 'abc', { rsv: 4 }))
  broken.codec.inflaters[0].sink.onInflateError(new ProtocolError(1007, 'ERR_WS_INFLATE', 'bad'))
  assert.is(broken.sink.info?.code, 1007)
  assert.equal(broken.parts, ['text', 'abort'])
  const bomb = open({ hasCodec: true, isLate: true, maxStreamSize: 100 })
  bomb.receive(frame(1, 'abc', { rsv: 4 }))
  bomb.codec.inflaters[0].sink.onInflated(Buffer.alloc(101))
  assert.is(bomb.sink.info?.code, 1009)
  const wire = open({ hasCodec: true, maxStreamSize: 100 })
  wire.receive(frame(2, Buffer.alloc(165), { rsv: 4 }))
  assert.is(wire.sink.info?.code, 1009)
  const text = open({ hasCodec: true })
  text.receive(frame(1, Buffer.from('e282', 'hex'), { rsv: 4 }))
  assert.is(text.sink.info?.code, 1007)
})

test('releases the inflater when this side closes, and reads on', () => {
  const { protocol, parts, codec, receive, sink } = open({ hasCodec: true, isLate: true })
  receive(frame(1, 'abc', { fin: false, rsv: 4 }), frame(0, 'de', { fin: false }), frame(0, 'fg'))
  protocol.close(1000)
  assert.equal(parts, ['text', 'abort'])
  assert.is(codec.inflaters[0].log.at(-1), 'release')
  receive(frame(1, 'next', { rsv: 4 }), closeFrame(1000))
  assert.is(codec.inflaters.length, 1)
  assert.ok(sink.info?.wasClean)
})

test('needs a codec that can stream', () => {
  const { protocol } = make({ codec: new LateCodec() })
  assert.throws(() => protocol.streamTo(new Recorder()), /no inflateStream/)
})
