import { isCount, isText, parseObject } from '../../../src/cli/demo/message.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('demo messages')

test('invalid JSON and values that are not objects have no properties', () => {
  assert.equal(parseObject('{"n":1,"text":"hi"}'), { n: 1, text: 'hi' })
  assert.equal(parseObject(Buffer.from('{"n":1}')), { n: 1 })
  for (const message of ['', '{', 'null', '7', 'ping']) assert.is(parseObject(message).text, undefined)
})

test('a text is neither blank nor too long', () => {
  assert.ok(isText('hi', 2))
  for (const value of ['', ' \n', 'hi!', 7, null, undefined, ['a']]) assert.not.ok(isText(value, 2))
})

test('messages are counted from 1', () => {
  for (const value of [1, Number.MAX_SAFE_INTEGER]) assert.ok(isCount(value))
  for (const value of [0, -1, 0.5, Number.NaN, Infinity, '1', null, undefined]) assert.not.ok(isCount(value))
})
