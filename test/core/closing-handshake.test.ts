import { ClosingHandshake } from '../../src/core/closing-handshake.ts'
import { ProtocolError, WebSocketError } from '../../src/core/errors.ts'
import { PauseReason } from '../../src/core/input-gate.ts'
import { assert, suite } from '../support/unit.ts'
import { closeFrame, frame, hex } from '../support/wire.ts'
import { make, Recorder } from './protocol-recorder.ts'

const test = suite('closing-handshake')

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

test('OPEN, Close frame without a code: echoes an empty one and reports 1005', () => {
  const { protocol, log } = make()
  protocol.receive(closeFrame())
  assert.equal(log, ['sent 8 ', 'closed 1005 clean remote'])
})

test('OPEN, violation: sends Close with the code, is closed and reports why', () => {
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

test('CLOSING, Close frame: reports the cause that was passed to close()', () => {
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

test('CLOSED: close(), frames, violations, the end, a failure and pauses change nothing', () => {
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

test('CLOSING: messages, pings and pongs are discarded, and the Close frame after them is read', () => {
  const { protocol, log } = make()
  protocol.close()
  protocol.receive(Buffer.concat([frame(1, 'late'), frame(2, 'late'), frame(9, 'p'), frame(10, 'p'), closeFrame(1000)]))
  assert.equal(log.slice(2), ['closed 1000 clean local'])
})

test('reacts in every state as the table of RFC 6455 §7 requires', () => {
  const before = {
    open: () => {},
    closing: (it: ReturnType<typeof make>) => it.protocol.close(1001),
    closed: (it: ReturnType<typeof make>) => it.protocol.receive(closeFrame(1001)),
  }
  const events = {
    close: (it: ReturnType<typeof make>) => it.protocol.close(1000),
    closeFrame: (it: ReturnType<typeof make>) => it.protocol.receive(closeFrame(1000)),
    violation: (it: ReturnType<typeof make>) => it.protocol.fail(new ProtocolError(1002, 'ERR_WS_TEST', '')),
    end: (it: ReturnType<typeof make>) => it.protocol.receiveEnd(),
  }
  const expected = {
    'open close': ['closing', 'sent 8 03e8', 'close expected'],
    'open closeFrame': ['closed', 'sent 8 03e8', 'closed 1000 clean remote'],
    'open violation': ['closed', 'sent 8 03ea', 'closed 1002 unclean local'],
    'open end': ['closed', 'closed 1006 unclean transport'],
    'closing close': ['closing'],
    'closing closeFrame': ['closed', 'closed 1000 clean local'],
    'closing violation': ['closed', 'closed 1002 unclean local'],
    'closing end': ['closed', 'closed 1006 unclean transport'],
    'closed close': ['closed'],
    'closed closeFrame': ['closed'],
    'closed violation': ['closed'],
    'closed end': ['closed'],
  }
  const found: Record<string, string[]> = {}
  for (const [state, enter] of Object.entries(before)) {
    for (const [event, act] of Object.entries(events)) {
      const it = make()
      enter(it)
      it.log.length = 0
      act(it)
      found[`${state} ${event}`] = [it.protocol.state, ...it.log]
    }
  }
  assert.equal(found, expected)
})

test('ignores a second Close frame, though no parser passes one on', () => {
  const sink = new Recorder()
  const handshake = new ClosingHandshake(sink, { role: 'server', limits: { maxMessageSize: 10, maxFrames: 10 } })
  for (let count = 0; count < 2; count++) handshake.onControlFrame(8, hex('03 e8'), 0, 2)
  assert.equal(sink.log, ['sent 8 03e8', 'closed 1000 clean remote'])
})
