import {
  isSameOrigin,
  matchesOrigin,
  normalizeOrigin,
  type OriginPattern,
  parseOriginPattern,
} from '../../src/handshake/origin.ts'
import { assert, suite } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'

const test = suite('origin')

const patterns = (...sources: string[]): OriginPattern[] => sources.map((source) => parseOriginPattern(source)!)

test('brings an origin into one form', () => {
  assert.is(normalizeOrigin('HTTPS://Example.COM:443'), 'https://example.com')
  assert.is(normalizeOrigin('http://example.com:8080'), 'http://example.com:8080')
  assert.is(normalizeOrigin('https://b\u00fccher.example'), 'https://xn--bcher-kva.example')
  assert.is(normalizeOrigin('http://[0:0::1]:80'), 'http://[::1]')
  assert.is(normalizeOrigin('chrome-extension://AbCd'), 'chrome-extension://abcd')
  assert.is(normalizeOrigin('null'), 'null')
  assert.is(normalizeOrigin('file://'), 'file://')
})

test('finds no origin in anything with more or less than scheme, host and port', () => {
  const bad = [
    ...['', 'example.com', 'https:example.com', '://a', 'https://', 'https://a/', 'https://a/b', 'https://a?b'],
    ...[
      'https://a#b',
      'https://u@a',
      'https://u:p@a',
      'https://a\\b',
      'https://a b',
      ' https://a',
      'https://a ',
      'NULL',
    ],
    ...[
      'ht\ttps://a',
      'https://a\n',
      'https://a:x',
      'https://a:99999',
      '1://a',
      'https://a%2eb',
      'https://a, https://b',
    ],
    `https://${'a'.repeat(600)}`,
  ]
  for (const text of bad) assert.is(normalizeOrigin(text), null, JSON.stringify(text))
})

test('hs.ok.origin-same: knows the server’s own origin', () => {
  assert.is(isSameOrigin('http://localhost:8000', 'localhost:8000', false), true)
  assert.is(isSameOrigin('http://example.com', 'EXAMPLE.com:80', false), true)
  assert.is(isSameOrigin('https://example.com:443', 'example.com', true), true)
  assert.is(isSameOrigin('http://[::1]:8000', '[::1]:8000', false), true)
  assert.is(isSameOrigin('http://example.com.', 'example.com.', false), true)
})

test('S-45: treats another scheme, host or port as another origin', () => {
  assert.is(isSameOrigin('http://other.example', 'example.com', false), false)
  assert.is(isSameOrigin('https://example.com', 'example.com', false), false)
  assert.is(isSameOrigin('http://example.com', 'example.com', true), false)
  assert.is(isSameOrigin('http://example.com:81', 'example.com', false), false)
  assert.is(isSameOrigin('http://example.com', 'example.com:81', false), false)
  assert.is(isSameOrigin('null', 'example.com', false), false)
  assert.is(isSameOrigin('null', 'null', false), false)
  assert.is(isSameOrigin('', 'example.com', false), false)
})

test('never treats an invalid host as the same origin', () => {
  assert.is(isSameOrigin('http://evil.example', 'a@evil.example', false), false)
  assert.is(isSameOrigin('http://evil.example', 'evil.example/', false), false)
  assert.is(isSameOrigin('http://evil.example', '', false), false)
  assert.is(isSameOrigin('http://xn--bcher-kva.example', 'b\u00fccher.example', false), false)
  assert.is(isSameOrigin('http://256.256.256.256', '256.256.256.256', false), false)
})

test('S-46: allows exactly the listed origins', () => {
  const allowed = patterns('https://example.com', 'http://b\u00fccher.example:8080', 'app://Local')
  for (const origin of [
    'https://example.com',
    'https://EXAMPLE.com:443',
    'http://xn--bcher-kva.example:8080',
    'app://local',
  ]) {
    assert.is(matchesOrigin(origin, allowed), true, origin)
  }
  for (const origin of [
    ...[
      'https://evil-example.com',
      'https://example.com.evil',
      'https://www.example.com',
      'https://example.com.',
      'null',
    ],
    ...['http://example.com', 'https://example.com:444', 'https://example.com@evil.example', 'https://example.co', ''],
    ...['https://evil.example#https://example.com', 'https://example.com\\.evil.example', 'https://example.com/'],
    ...['http://b\u00fccher.example:8080', 'https://\u0435xample.com', 'https://example.com\u3002evil', 'example.com'],
  ]) {
    assert.is(matchesOrigin(origin, allowed), false, origin)
  }
})

test('allows the opaque origin only when it is listed', () => {
  assert.is(matchesOrigin('null', patterns('null')), true)
  assert.is(matchesOrigin('null', patterns('file://', 'https://a')), false)
  assert.is(matchesOrigin('file://', patterns('file://')), true)
  assert.is(matchesOrigin('nonsense', patterns('null', 'file://')), false)
  assert.is(matchesOrigin('null', []), false)
})

test('S-46: a pattern allows every subdomain of its domain, and nothing else', () => {
  const allowed = patterns('https://*.example.com', 'http://*.B\u00fccher.example:8080')
  for (const origin of [
    'https://app.example.com',
    'https://a.b.EXAMPLE.com:443',
    'http://www.xn--bcher-kva.example:8080',
  ]) {
    assert.is(matchesOrigin(origin, allowed), true, origin)
  }
  for (const origin of [
    ...['https://example.com', 'https://.example.com', 'https://evilexample.com', 'https://app.example.com.evil'],
    ...['http://app.example.com', 'https://app.example.com:444', 'http://www.xn--bcher-kva.example', 'null'],
    ...['https://evil.example/.example.com', 'https://evil@app.example.com', 'https://evil#.example.com'],
  ]) {
    assert.is(matchesOrigin(origin, allowed), false, origin)
  }
})

test('finds no pattern in a wildcard anywhere but before a domain, in a path or without a scheme', () => {
  for (const source of [
    ...['*', '*.example.com', 'https://*', 'https://*.', 'https://a.*.com', 'https://a*.example.com'],
    ...['https://*.*.example.com', '*://example.com', 'https://*.example.com/', 'https://example.com:*', '', 'a'],
  ]) {
    assert.is(parseOriginPattern(source), null, source)
  }
})

test('S-04: judges 64 KiB in less than 50 ms of CPU', () => {
  for (const unit of ['a', ' ', ',', '.', 'xn--', 'https://', '[']) {
    const text = `https://${unit.repeat(65_536 / unit.length)}`
    const judge = () => [
      isSameOrigin(text, 'a', true),
      isSameOrigin('https://a', text, true),
      matchesOrigin(text, patterns('https://a', 'https://*.a')),
    ]
    assert.ok(cpuMilliseconds(judge) < 50, unit)
  }
})
