import { hex, showBytes } from '../../../src/conformance/wire/bytes.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/wire/bytes')

test('shows bytes as text when they are printable', () => {
  assert.is(showBytes(Buffer.from('probe')), '"probe"')
  assert.is(showBytes(hex('00ff')), '00ff')
  assert.match(showBytes(Buffer.alloc(100, 97)), /… \(100 bytes\)$/)
})

test('refuses a text that is not hexadecimal', async () => {
  assert.match((await thrownBy(() => hex('8'))).message, 'is not hexadecimal')
})
