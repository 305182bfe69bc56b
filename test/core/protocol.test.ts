import { encodeCloseBody } from '../../src/core/close-frame.ts'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import { ProtocolError, WebSocketError } from '../../src/core/errors.ts'
import { PauseReason } from '../../src/core/input-gate.ts'
import type { MessageCodec } from '../../src/core/message-codec.ts'
import { Protocol, type ProtocolOptions, type ProtocolSink } from '../../src/core/protocol.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { chunkings, closeFrame, frame, hex } from '../support/wire.ts'

const test = suite('protocol')

/** Writes down what a protocol says, one word each; `on` may react to it. */
class Recorder implements ProtocolSink {
  readonly log: string[] = []
  info: CloseInfo | null = null
  on: (entry: string) => void = () => {}

  #say(entry: string): void {
    this.log.push(entry)
    this.on(entry)
  }

  onTextMessage(bytes: Buffer, start: number, end: number): void {
    this.#say(`text ${bytes.toString('utf8', start, end)}`)
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.#say(`binary ${bytes.toString('hex', start, end)}`)
  }

  onPongReceived(payload: Buffer): void {
    this.#say(`pong ${payload}`)
  }

  onControlFrame(opcode: number, payload: Uint8Array): void {
    this.#say(`sent ${opcode} ${Buffer.from(payload).toString('hex')}`)
  }

  onCloseExpected(): void {
    this.#say('close expected')
  }

  onClosed(info: CloseInfo): void {
    this.info = info
    this.#say(`closed ${info.code} ${info.wasClean ? 'clean' : 'unclean'} ${info.initiator}`)
  }

  onFlow(reading: boolean): void {
    this.#say(reading ? 'read' : 'stop')
  }
}

function make({ maxMessageSize = 1000, ...options }: Partial<ProtocolOptions> & { maxMessageSize?: number } = {}) {
  const sink = new Recorder()
  const protocol = new Protocol(sink, { role: 'server', limits: { maxMessageSize, maxFrames: 100 }, ...options })
  return { sink, protocol, log: sink.log }
}

/** A codec whose `done` waits to be called; `compressed` is just the message behind a byte. */
class LateCodec implements MessageCodec {
  finish: (() => void) | null = null
  released = false
  late = true

  decompress(
    payload: Uint8Array,
    limit: number,
    done: (error: ProtocolError | null, message: Uint8Array) => void,
  ): void {
    const message = Uint8Array.from(payload.subarray(1))
    const run = (): void => {
      if (message.length > limit) done(new ProtocolError(1009, 'ERR_WS_MESSAGE_TOO_BIG', 'too big'), message)
      else done(null, message)
    }
    if (this.late) this.finish = run
    else run()
  }

  wantsCompression(): boolean {
    return true
  }

  compress(_message: Uint8Array, done: (payload: Uint8Array | null) => void): void {
    done(null)
  }

  release(): void {
    this.released = true
  }
}

test('says the same of a stream however it is cut', () => {
  const stream = Buffer.concat([
    frame(1, 'Grüße'),
    frame(9, 'are you there'),
    frame(1, 'fr', { fin: false }),
    frame(10, 'unasked'),
    frame(9),
    frame(0, 'agment'),
    frame(2, Buffer.alloc(200, 7)),
    closeFrame(1000, 'bye'),
    frame(1, 'too late'),
  ])
  for (const { name, chunks } of chunkings(stream)) {
    const { protocol, log } = make()
    for (const chunk of chunks) protocol.receive(Buffer.from(chunk))
    assert.equal(
      log,
      [
        'text Grüße',
        `sent 10 ${Buffer.from('are you there').toString('hex')}`,
        'pong unasked',
        'sent 10 ',
        'text fragment',
        `binary ${'07'.repeat(200)}`,
        'sent 8 03e8',
        'closed 1000 clean remote',
      ],
      name,
    )
  }
})

test('talks as a client: unmasked frames are read, masked ones are a violation', () => {
  const { protocol, log } = make({ role: 'client' })
  protocol.receive(frame(1, 'from the server', { key: null }))
  protocol.receive(frame(1, 'masked'))
  assert.equal(log.slice(0, 1), ['text from the server'])
  assert.match(log.at(-1)!, 'closed 1002 unclean local')
})

// The closing table, cell by cell.

test('OPEN, close(): sends Close and expects one', () => {
  const { protocol, log } = make()
  protocol.close(4000, 'x')
  assert.equal(log, ['sent 8 0fa078', 'close expected'])
  assert.is(protocol.state, 'closing')
})

test('OPEN, Close frame: echoes the code and is closed, clean', () => {
  const { protocol, log, sink } = make()
  protocol.receive(closeFrame(3001, 'reason'))
  assert.equal(log, ['sent 8 0bb9', 'closed 3001 clean remote'])
  assert.equal(sink.info, { code: 3001, reason: 'reason', wasClean: true, initiator: 'remote' })
})

test('OPEN, Close frame without a code: echoes an empty one and tells 1005', () => {
  const { protocol, log } = make()
  protocol.receive(closeFrame())
  assert.equal(log, ['sent 8 ', 'closed 1005 clean remote'])
})

test('OPEN, violation: sends Close with the code, is closed and tells why', () => {
  const { protocol, log, sink } = make()
  protocol.receive(hex('83 80'))
  assert.match(log[0], /^sent 8 03ea/)
  assert.is(log[1], 'closed 1002 unclean local')
  assert.instance(sink.info?.error, ProtocolError)
  assert.match(sink.info!.reason, 'reserved opcode 0x3')
})

test('OPEN, end of stream: 1006 with the reason', () => {
  const { protocol, log, sink } = make()
  protocol.receiveEnd()
  assert.equal(log, ['closed 1006 unclean transport'])
  assert.is((sink.info!.error as WebSocketError).code, 'ERR_WS_STREAM_ENDED')
})

test('CLOSING, close(): ignored', () => {
  const { protocol, log } = make()
  protocol.close()
  protocol.close(1001)
  assert.equal(log, ['sent 8 03e8', 'close expected'])
})

test('CLOSING, Close frame: closed, clean, by this side; nothing more is sent', () => {
  const { protocol, log } = make()
  protocol.close(1001)
  protocol.receive(closeFrame(1001))
  assert.equal(log, ['sent 8 03e9', 'close expected', 'closed 1001 clean local'])
})

test('CLOSING, Close frame: tells the cause that close() was given', () => {
  const { protocol, sink } = make()
  const cause = new WebSocketError('ERR_WS_IDLE', 'no message for long')
  protocol.close(1000, cause.message, cause)
  protocol.receive(closeFrame(1000))
  assert.equal(sink.info, { code: 1000, reason: '', wasClean: true, initiator: 'local', error: cause })
})

test('CLOSING, violation: closed, and no second Close frame', () => {
  const { protocol, log } = make()
  protocol.close()
  protocol.receive(hex('83 80'))
  assert.equal(log, ['sent 8 03e8', 'close expected', 'closed 1002 unclean local'])
})

test('CLOSING, end of stream: 1006, the Close frame was not answered', () => {
  const { protocol, sink } = make()
  protocol.close()
  protocol.receiveEnd()
  assert.is(sink.info?.code, 1006)
  assert.match(sink.info!.error!.message, 'without answering')
})

test('CLOSED: close(), frames, violations, the end, a failure and holds change nothing', () => {
  const { protocol, log } = make()
  protocol.receive(closeFrame(1000))
  const before = [...log]
  protocol.close(1000)
  protocol.receive(frame(1, 'x'))
  protocol.receive(hex('ff ff'))
  protocol.receiveEnd()
  protocol.fail(new ProtocolError(1011, 'ERR_WS_TEST', 'test'))
  protocol.pause(PauseReason.READER)
  protocol.resume(PauseReason.READER)
  assert.equal(log, before)
})

test('CLOSING: messages, pings and pongs are discarded, the Close behind them is read', () => {
  const { protocol, log } = make()
  protocol.close()
  protocol.receive(Buffer.concat([frame(1, 'late'), frame(2, 'late'), frame(9, 'p'), frame(10, 'p'), closeFrame(1000)]))
  assert.equal(log.slice(2), ['closed 1000 clean local'])
})

test('S-55: fails on every illegal body of a Close frame', () => {
  const cases: [Buffer, number][] = [
    [frame(8, 'x'), 1002],
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code): [Buffer, number] => [
      closeFrame(code),
      1002,
    ]),
    [frame(8, hex('03 e8 ff')), 1007],
  ]
  for (const [bytes, code] of cases) {
    const { protocol, sink } = make()
    protocol.receive(bytes)
    assert.is(sink.info?.code, code, bytes.toString('hex'))
    assert.is(sink.info?.wasClean, false)
  }
})

test('takes every close code that may be sent', () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
    const { protocol, sink } = make()
    protocol.receive(closeFrame(code))
    assert.is(sink.info?.code, code)
    assert.ok(sink.info?.wasClean)
  }
})

test('S-25: delivers nothing behind a violation', () => {
  const { protocol, log } = make()
  protocol.receive(Buffer.concat([frame(1, 'before'), frame(1, 'bad', { key: null }), frame(1, 'after')]))
  protocol.receive(frame(1, 'later'))
  assert.is(log[0], 'text before')
  assert.is(log.length, 3)
})

test('fails for a whole message over the limit, inside another, or in bad UTF-8', () => {
  for (const [opcode, closeCode, ...frames] of [
    [1, 1009, frame(1, 'x'.repeat(1001))],
    [2, 1009, frame(2, 'x'.repeat(1001))],
    [1, 1002, frame(1, 'begun', { fin: false }), frame(1, 'another')],
    [2, 1002, frame(2, 'begun', { fin: false }), frame(2, 'another')],
    [1, 1007, frame(1, hex('68 c3'))],
  ] as [number, number, ...Buffer[]][]) {
    for (const { name, chunks } of chunkings(Buffer.concat([frame(opcode, 'before'), ...frames]), 20)) {
      const { protocol, log, sink } = make()
      for (const chunk of chunks) protocol.receive(Buffer.from(chunk))
      assert.is(sink.info?.code, closeCode, name)
      assert.is(log.filter((entry) => /^(?:text|binary) /.test(entry)).length, 1, name)
    }
  }
})

// Reentrancy.

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

test('an error that is no violation passes through: it is not the peer who is wrong', async () => {
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

test('pause() in the last callback of a chunk keeps nothing', () => {
  const { protocol, log, sink } = make()
  sink.on = (entry) => entry === 'text one' && protocol.pause(PauseReason.READER)
  protocol.receive(frame(1, 'one'))
  assert.is(protocol.memoryUsed, 0)
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['text one', 'stop', 'read'])
})

test('pause() and resume() inside one callback: parsing goes on', () => {
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

test('receive() and pause() inside one callback: what came later waits behind the rest of the chunk', () => {
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

test('holds add up: input goes on when the last one is gone', () => {
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

test('a pause again while the kept input is parsed stops it again', () => {
  const { protocol, log, sink } = make()
  protocol.pause(PauseReason.READER)
  protocol.receive(Buffer.concat([frame(1, 'one'), frame(1, 'two')]))
  sink.on = (entry) => entry === 'text one' && protocol.pause(PauseReason.READER)
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['stop', 'text one', 'stop'])
  protocol.resume(PauseReason.READER)
  assert.equal(log, ['stop', 'text one', 'stop', 'text two', 'read'])
})

test('close() takes the holds of the application away: the Close frame is noticed', () => {
  const { protocol, log } = make()
  protocol.pause(PauseReason.READER)
  protocol.close()
  protocol.pause(PauseReason.READER)
  protocol.receive(closeFrame(1000))
  assert.equal(log, ['stop', 'sent 8 03e8', 'close expected', 'read', 'closed 1000 clean local'])
})

// Compressed messages.

test('S-32: RSV1 is a violation without a codec, on continuations and on control frames', () => {
  const codec = new LateCodec()
  codec.late = false
  for (const [bytes, options] of [
    [frame(1, 'x', { rsv: 4 }), {}],
    [Buffer.concat([frame(1, 'x', { fin: false }), frame(0, 'x', { rsv: 4 })]), { codec }],
    [frame(9, 'x', { rsv: 4 }), { codec }],
  ] as const) {
    const { protocol, sink } = make(options)
    protocol.receive(bytes)
    assert.is(sink.info?.code, 1002)
  }
})

test('holds what follows a compressed message until the codec is done', () => {
  const codec = new LateCodec()
  const { protocol, log } = make({ codec })
  protocol.receive(Buffer.concat([frame(1, 'zfirst', { rsv: 4 }), frame(1, 'second')]))
  assert.equal(log, ['stop'])
  codec.finish!()
  assert.equal(log, ['stop', 'text first', 'text second', 'read'])
})

test('goes on at once when the codec is done at once, with plain and compressed messages in turn', () => {
  const codec = new LateCodec()
  codec.late = false
  const { protocol, log } = make({ codec })
  protocol.receive(Buffer.concat([frame(2, 'zab', { rsv: 4 }), frame(9), frame(1, 'zcd', { rsv: 4 }), frame(1, 'ef')]))
  assert.equal(log, ['binary 6162', 'sent 10 ', 'text cd', 'text ef'])
})

test('S-32: a ping between compressed fragments leaves the message compressed', () => {
  const codec = new LateCodec()
  codec.late = false
  const { protocol, log } = make({ codec })
  protocol.receive(Buffer.concat([frame(1, 'za', { rsv: 4, fin: false }), frame(9), frame(0, 'b')]))
  assert.equal(log, ['sent 10 ', 'text ab'])
})

test('fails with the codec’s error, and with 1007 when what it inflated is no text', () => {
  const codec = new LateCodec()
  codec.late = false
  const tooBig = make({ codec, maxMessageSize: 3 })
  tooBig.protocol.receive(frame(1, 'zlong', { rsv: 4 }))
  assert.is(tooBig.sink.info?.code, 1009)
  const badText = make({ codec })
  badText.protocol.receive(frame(1, hex('00 ff'), { rsv: 4 }))
  assert.is(badText.sink.info?.code, 1007)
  assert.ok(codec.released)
})

// What the caller does wrong, and the rest.

test('refuses to send close codes and reasons that may not be sent', async () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN]) {
    assert.instance(await thrownBy(() => encodeCloseBody(code, '')), RangeError)
  }
  assert.instance(await thrownBy(() => encodeCloseBody(1000, 'x'.repeat(124))), RangeError)
  assert.instance(await thrownBy(() => encodeCloseBody(1000, 7 as never)), TypeError)
  assert.instance(await thrownBy(() => encodeCloseBody(1000, hex('ff'))), TypeError)
})

test('S-06: takes a close reason by its bytes, never by its elements', async () => {
  assert.equal(encodeCloseBody(1000, hex('68 69')), hex('03 e8 68 69'))
  assert.instance(await thrownBy(() => encodeCloseBody(1000, new Float64Array(3) as never)), TypeError)
})

test('cuts the reason of a failure to what fits, between characters', () => {
  const { protocol, log, sink } = make()
  protocol.fail(new ProtocolError(1011, 'ERR_WS_TEST', 'ä'.repeat(100)))
  const sent = Buffer.from(log[0].split(' ')[2], 'hex')
  assert.is(sent.length, 2 + 122)
  assert.is(sent.toString('utf8', 2), 'ä'.repeat(61))
  assert.is(sink.info?.reason, 'ä'.repeat(100))
})

test('tells what the peer has begun and not finished', () => {
  const { protocol } = make()
  assert.is(protocol.pending, null)
  protocol.receive(hex('01'))
  assert.is(protocol.pending, 'header')
  protocol.receive(hex('82 00 00 00 00'))
  assert.is(protocol.pending, 'payload')
  protocol.receive(hex('41 42'))
  assert.is(protocol.pending, 'message')
  protocol.receive(frame(0, 'end'))
  assert.is(protocol.pending, null)
  assert.is(protocol.frameCount, 2)
})

test('rests between messages, keeps what is unfinished, and goes on afterwards', () => {
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

test('does not rest in the middle of a chunk', () => {
  const { protocol, sink, log } = make()
  sink.onBinaryMessage = () => protocol.releaseIdleMemory()
  protocol.receive(Buffer.concat([frame(2, 'a'), frame(1, 'b')]))
  assert.equal(log, ['text b'])
})
