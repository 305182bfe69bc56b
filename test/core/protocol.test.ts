import { plainEngine } from '../../src/core/plain-engine.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { assert, suite } from '../support/unit.ts'
import { chunkings, closeFrame, frame, hex } from '../support/wire.ts'
import { LateCodec, make } from './protocol-recorder.ts'

const test = suite('protocol')

test('delivers the same messages however the stream is split', () => {
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
  const expected = [
    'text Grüße',
    `sent 10 ${Buffer.from('are you there').toString('hex')}`,
    'pong unasked',
    'sent 10 ',
    'text fragment',
    `binary ${'07'.repeat(200)}`,
    'sent 8 03e8',
    'closed 1000 clean remote',
  ]
  for (const engine of [plainEngine, fastEngine]) {
    for (const { name, chunks } of chunkings(stream)) {
      const { protocol, log } = make({ engine })
      for (const chunk of chunks) protocol.receive(Buffer.from(chunk))
      assert.equal(log, expected, name)
    }
  }
})

test('as a client: unmasked frames are read, masked ones are a violation', () => {
  const { protocol, log } = make({ role: 'client' })
  protocol.receive(frame(1, 'from the server', { key: null }))
  protocol.receive(frame(1, 'masked'))
  assert.equal(log.slice(0, 1), ['text from the server'])
  assert.match(log.at(-1)!, 'closed 1002 unclean local')
})

test('S-25: delivers nothing after a violation', () => {
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
      for (const engine of [plainEngine, fastEngine]) {
        const { protocol, log, sink } = make({ engine })
        for (const chunk of chunks) protocol.receive(Buffer.from(chunk))
        assert.is(sink.info?.code, closeCode, name)
        assert.is(log.filter((entry) => /^(?:text|binary) /.test(entry)).length, 1, name)
      }
    }
  }
})

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

test('stores what follows a compressed message until the codec is done', () => {
  const codec = new LateCodec()
  const { protocol, log } = make({ codec })
  protocol.receive(Buffer.concat([frame(1, 'zfirst', { rsv: 4 }), frame(1, 'second')]))
  assert.equal(log, ['stop'])
  codec.finish!()
  assert.equal(log, ['stop', 'text first', 'text second', 'read'])
})

test('continues at once when the codec finishes synchronously, with plain and compressed messages in turn', () => {
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

test('fails with the codec’s error, and with 1007 when what it inflated is not UTF-8', () => {
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

test('reports what the peer has begun and not finished', () => {
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

test('while closing, a compressed message is discarded without being inflated', () => {
  const codec = new LateCodec()
  const { protocol, log } = make({ codec })
  protocol.close()
  protocol.receive(Buffer.concat([frame(1, 'zlate', { rsv: 4 }), closeFrame(1000)]))
  assert.is(codec.finish, null)
  assert.is(log.at(-1), 'closed 1000 clean local')
})

test('counts compressed payloads, short ones as 512 bytes', () => {
  const codec = new LateCodec()
  codec.late = false
  const { protocol } = make({ codec })
  assert.is(protocol.compressedBytes, 0)
  protocol.receive(frame(1, 'zshort', { rsv: 4 }))
  assert.is(protocol.compressedBytes, 512)
  protocol.receive(frame(1, `z${'long'.repeat(200)}`, { rsv: 4 }))
  assert.is(protocol.compressedBytes, 512 + 801)
  protocol.releaseIdleMemory()
  assert.is(protocol.compressedBytes, 0)
})

test('counts the memory of the codec', () => {
  const codec = Object.assign(new LateCodec(), { memoryUsed: 100 })
  assert.is(make({ codec }).protocol.memoryUsed, 100)
})
