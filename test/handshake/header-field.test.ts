import { fieldEntries, fieldValues, formatFields, isFieldValue, trimBlanks } from '../../src/handshake/header-field.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'

const test = suite('header-field')

test('classifies each of the 256 bytes as part of a field value or not', () => {
  for (let byte = 0; byte < 256; byte++) {
    const allowed = byte === 9 || (byte >= 32 && byte <= 126) || byte >= 128
    assert.is(isFieldValue(`a${String.fromCharCode(byte)}b`), allowed, `byte ${byte}`)
  }
})

test('accepts an empty text and nothing beyond latin1 as a field value', () => {
  assert.is(isFieldValue(''), true)
  assert.is(isFieldValue('\u0100'), false)
  assert.is(isFieldValue('\u560d\u560a'), false)
})

test('trims blanks and tabs only', () => {
  assert.is(trimBlanks(' \t a \t b\t '), 'a \t b')
  assert.is(trimBlanks('\u00a0a\v'), '\u00a0a\v')
  assert.is(trimBlanks(' \t'), '')
  assert.is(trimBlanks(''), '')
})

test('finds every field of a name in any case', () => {
  const rawHeaders = ['A', ' 1 ', 'Bb', '2', 'bB', '\t3', 'bbb', '4', 'constructor', '5']
  assert.equal(fieldValues(rawHeaders, 'bb'), ['2', '3'])
  assert.equal(fieldValues(rawHeaders, 'a'), ['1'])
  assert.equal(fieldValues(rawHeaders, 'constructor'), ['5'])
  assert.equal(fieldValues(rawHeaders, 'missing'), [])
  assert.equal(fieldValues(['a'], 'a'), [])
})

test('writes one line for each value', () => {
  assert.is(
    formatFields({ Server: 'x', 'Set-Cookie': ['a=1', 'b=\u00e9'] }, new Set()),
    'Server: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\u00e9\r\n',
  )
  assert.is(formatFields({}, new Set()), '')
})

test('S-16: refuses values and names that would break the message, and names that are owned', async () => {
  const bad: [Record<string, string | string[]>, RegExp][] = [
    [{ 'X-A': 'a\r\nb: c' }, /field X-A has an invalid value; allowed: Latin-1/],
    [{ 'X-A': ['fine', 'a\nb'] }, /field X-A has an invalid value/],
    [{ 'X-A': '\0' }, /field X-A has an invalid value/],
    [{ 'X-A': '\u0142' }, /field X-A has an invalid value/],
    [{ 'X-A': [7 as unknown as string] }, /field X-A has an invalid value/],
    [{ 'X-A': null as unknown as string }, /field X-A has an invalid value/],
    [{ 'X-A': 7 as unknown as string }, /field X-A has an invalid value/],
    [{ 'X-A': new Map() as unknown as string }, /field X-A has an invalid value/],
    [{ 'X A': '' }, /field name is "X A"; allowed: a token/],
    [{ 'a: b\r\nc': '' }, /field name/],
    [{ '': '' }, /field name is ""/],
    [{ UPGRADE: 'x' }, /field UPGRADE is set by the library/],
  ]
  for (const [fields, message] of bad) {
    const error = await thrownBy(() => formatFields(fields, new Set(['upgrade'])))
    assert.instance(error, TypeError)
    assert.match(error.message, message)
  }
})

test('refuses objects whose properties are not the fields, and would be lost', async () => {
  const bad: [unknown, string][] = [
    [new Headers({ a: 'b' }), 'Headers'],
    [new Map([['a', 'b']]), 'Map'],
    [[['a', 'b']], 'Array'],
    ['a: b', 'String'],
    [5, 'Number'],
    [null, 'Null'],
  ]
  for (const [fields, type] of bad) {
    const { name, message } = await thrownBy(() => fieldEntries(fields as never))
    assert.is(name, 'TypeError')
    assert.is(message, `header fields are of type ${type}; allowed: an object with names and values`)
  }
})

test('S-04: trims 64 KiB of blanks in less than 50 ms of CPU', () => {
  const blanks = ' '.repeat(65_536)
  assert.ok(cpuMilliseconds(() => trimBlanks(`${blanks}a${blanks}b${blanks}`)) < 50)
})
