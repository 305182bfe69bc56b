import { runInNewContext } from 'node:vm'
import { encodeCloseBody } from '../../src/core/close-frame.ts'
import { ProtocolError } from '../../src/core/errors.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { closeFrame, frame, hex } from '../support/wire.ts'
import { make } from './protocol-recorder.ts'

const test = suite('close-frame')

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

test('accepts every close code that may be sent', () => {
  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
    const { protocol, sink } = make()
    protocol.receive(closeFrame(code))
    assert.is(sink.info?.code, code)
    assert.ok(sink.info?.wasClean)
  }
})

test('refuses to send close codes and reasons that may not be sent', async () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN]) {
    assert.instance(await thrownBy(() => encodeCloseBody(code, '')), RangeError)
  }
  const others: [unknown, string][] = [
    [null, 'null'],
    ['1000', '1000'],
    [{}, 'an object'],
    [Object.create(null), 'an object'],
    [Symbol('code'), 'Symbol(code)'],
  ]
  for (const [code, found] of others) {
    const { name, message } = await thrownBy(() => encodeCloseBody(code as number, ''))
    assert.is(name, 'RangeError')
    assert.ok(message.startsWith(`close code is ${found}; allowed: 1000`), message)
  }
  assert.instance(await thrownBy(() => encodeCloseBody(1000, 'x'.repeat(124))), RangeError)
  assert.instance(await thrownBy(() => encodeCloseBody(1000, 7 as never)), TypeError)
  assert.instance(await thrownBy(() => encodeCloseBody(1000, hex('ff'))), TypeError)
})

test('S-06: reads a close reason by its bytes, never by its elements', async () => {
  assert.equal(encodeCloseBody(1000, hex('68 69')), hex('03 e8 68 69'))
  assert.equal(encodeCloseBody(1000, runInNewContext('new Uint8Array([104, 105])')), hex('03 e8 68 69'))
  assert.instance(await thrownBy(() => encodeCloseBody(1000, new Float64Array(3) as never)), TypeError)
})

test('truncates the reason of a failure at a character boundary', () => {
  const { protocol, log, sink } = make()
  protocol.fail(new ProtocolError(1011, 'ERR_WS_TEST', 'ä'.repeat(100)))
  const sent = Buffer.from(log[0].split(' ')[2], 'hex')
  assert.is(sent.length, 2 + 122)
  assert.is(sent.toString('utf8', 2), 'ä'.repeat(61))
  assert.is(sink.info?.reason, 'ä'.repeat(100))
})
