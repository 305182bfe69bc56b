import { CloseCode, isSendableCloseCode } from '../../src/core/close-code.ts'
import { HandshakeError, ProtocolError, WebSocketError } from '../../src/core/errors.ts'
import { isControl, Opcode } from '../../src/core/opcode.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('close-code, opcode, errors')

test('exactly the registered and the private codes may be sent', () => {
  const sendable: number[] = []
  for (let code = 0; code < 70_000; code++) if (isSendableCloseCode(code)) sendable.push(code)
  const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
  assert.equal(sendable, [...registered, ...Array.from({ length: 2000 }, (_, i) => 3000 + i)])
  assert.not(isSendableCloseCode(1000.5))
  assert.not(isSendableCloseCode(CloseCode.ABNORMAL))
})

test('knows which opcodes are control frames', () => {
  assert.equal(Object.values(Opcode).filter(isControl), [8, 9, 10])
})

test('names its errors and retains their codes', () => {
  const protocolError = new ProtocolError(1002, 'ERR_WS_TEST', 'wrong')
  assert.is(`${protocolError}`, 'ProtocolError: wrong')
  assert.instance(protocolError, WebSocketError)
  const handshakeError = new HandshakeError(400, 'ERR_WS_TEST', 'wrong')
  assert.equal([handshakeError.status, handshakeError.headers, handshakeError.code], [400, {}, 'ERR_WS_TEST'])
})
