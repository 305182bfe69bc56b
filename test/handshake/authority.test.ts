import { isValidHost, parseAuthority } from '../../src/handshake/authority.ts'
import { assert, suite } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'

const test = suite('authority')

test('parses names and addresses with and without a port', () => {
  assert.equal(parseAuthority('example.com'), { host: 'example.com', port: null })
  assert.equal(parseAuthority('LOCALHOST:1'), { host: 'LOCALHOST', port: 1 })
  assert.equal(parseAuthority('127.0.0.1:65535'), { host: '127.0.0.1', port: 65_535 })
  assert.equal(parseAuthority('[::1]:8000'), { host: '[::1]', port: 8000 })
  assert.equal(parseAuthority('[2001:db8::192.0.2.1]'), { host: '[2001:db8::192.0.2.1]', port: null })
  const longest = '[ABCD:ABCD:ABCD:ABCD:ABCD:ABCD:192.168.158.190]'
  assert.equal(parseAuthority(longest), { host: longest, port: null })
  assert.equal(parseAuthority('a:0'), { host: 'a', port: 0 })
  assert.equal(parseAuthority('a:'), { host: 'a', port: null })
})

test('accepts trailing dots, underscores and escapes as parts of a name', () => {
  for (const host of ['example.com.', 'my_service:80', 'a%20b', 'a%Ff', "!$&'()*+;=~", 'xn--bcher-kva.example']) {
    assert.is(isValidHost(host), true, host)
  }
})

test('hs.host.*: refuses what is not a host', () => {
  const bad = [
    ...['', ' ', 'a b', 'a/b', 'a@b', '<x>', 'a.example, b.example', 'a.example,b.example', 'a?b', 'a#b', 'a\\b'],
    ...['localhost:abc', 'localhost:99999', 'localhost:65536', 'localhost:-1', 'localhost:+1', 'localhost:1 ', 'a:1:2'],
    ...[':80', 'b\u00fccher.example', 'a\0', 'a%', 'a%2', 'a%zz', 'a%2g', 'a"b', 'a{b', 'a@', 'a[', '`', '^'],
  ]
  for (const host of bad) assert.is(isValidHost(host), false, JSON.stringify(host))
})

test('refuses anything but an IPv6 address between brackets', () => {
  for (const host of [
    ...[
      '[]',
      '[::1',
      '[::1]x',
      '[::1]:x',
      '[1.2.3.4]',
      '[:::]',
      '[fe80::1%eth0]',
      '[v1.x]',
      '[::1]]',
      '::1',
      '[[::1]]',
    ],
    `[${'0:'.repeat(40)}1]`,
  ]) {
    assert.is(isValidHost(host), false, host)
  }
})

test('S-04: judges 64 KiB in less than 50 ms of CPU', () => {
  for (const unit of ['a', ' ', ',', '%41', '[', ':', '0', '1.']) {
    const text = unit.repeat(65_536 / unit.length)
    assert.ok(cpuMilliseconds(() => [text, `[${text}]`, `a:${text}`].map(isValidHost)) < 50, unit)
  }
})
