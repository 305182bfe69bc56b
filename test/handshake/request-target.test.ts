import { parseRequestTarget } from '../../src/handshake/request-target.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('request-target')

test('parses the origin form as it was sent', () => {
  assert.equal(parseRequestTarget('/'), { path: '/', query: '', authority: null })
  assert.equal(parseRequestTarget('/a%20b?a=1&b=%20?'), { path: '/a%20b', query: 'a=1&b=%20?', authority: null })
  assert.equal(parseRequestTarget('//evil.example/x'), { path: '//evil.example/x', query: '', authority: null })
})

test('hs.ok.absolute-form: parses the absolute form', () => {
  assert.equal(parseRequestTarget('http://a:1/b?c'), { path: '/b', query: 'c', authority: 'a:1' })
  assert.equal(parseRequestTarget('WSS://a'), { path: '/', query: '', authority: 'a' })
  assert.equal(parseRequestTarget('ws://[::1]:8?x'), { path: '/', query: 'x', authority: '[::1]:8' })
})

test('hs.target.bad-escape: accepts characters that browsers send unescaped', () => {
  assert.equal(parseRequestTarget('/a|b?%zz&100%'), { path: '/a|b', query: '%zz&100%', authority: null })
})

test('hs.target.*: refuses every other form', () => {
  const bad = [
    ...[
      '',
      '*',
      'a',
      'a/b',
      '?x',
      'localhost:80',
      'ftp://a/',
      'http:/a',
      'http://',
      'http:///a',
      'http://u@a/',
      '://a/',
    ],
    ...[
      '/a#x',
      'http://a/#',
      '/a b',
      '/a\0',
      '/\u00c3\u00a4',
      '/\u00c3(',
      '/a\x7f',
      'http://a b/',
      'http://a:x/',
      '\\a',
    ],
  ]
  for (const target of bad) assert.is(parseRequestTarget(target), null, JSON.stringify(target))
})
