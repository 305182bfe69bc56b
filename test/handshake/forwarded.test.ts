import { parseForwarded, parseForwardedFor, parseNode } from '../../src/handshake/forwarded.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('forwarded')

test('reads an address with a port, brackets or quotes', () => {
  const cases: [node: string, address: string | null][] = [
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:51234', '2001:db8::7'],
    ['"203.0.113.7"', '203.0.113.7'],
    ['"[2001:db8::7]:51234"', '2001:db8::7'],
    ['"203\\.0.113.7"', '203.0.113.7'],
    ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
  ]
  for (const [node, address] of cases) assert.is(parseNode(node), address, node)
})

test('reads no address from anything else', () => {
  for (const node of [
    '',
    '"',
    '""',
    'unknown',
    '_hidden',
    'example.com:80',
    '203.0.113.7:',
    '203.0.113.7:x',
    '203.0.113.7:123456',
    '203.0.113.256:80',
    '[203.0.113.7',
    '[2001:db8::7]x',
    '[[::1]]',
    '[]',
    '[nonsense]',
    ':80',
    '"203.0.113.7',
  ]) {
    assert.is(parseNode(node), null, node)
  }
})

test('splits X-Forwarded-For into hops', () => {
  assert.equal(parseForwardedFor('a'), ['a'])
  assert.equal(parseForwardedFor(' 1.2.3.4 ,"[::1]:80",\t5.6.7.8:9'), ['1.2.3.4', '"[::1]:80"', '5.6.7.8:9'])
  assert.equal(parseForwardedFor(''), [''])
})

test('finds the for parameter of each element of Forwarded, whatever surrounds it', () => {
  assert.equal(parseForwarded('for=192.0.2.43, For="[2001:db8:cafe::17]:4711";proto=https;by=203.0.113.43'), [
    '192.0.2.43',
    '"[2001:db8:cafe::17]:4711"',
  ])
  assert.equal(parseForwarded('by="a, b; \\", for=1.1.1.1" ; FOR = 2.2.2.2'), ['2.2.2.2'])
  assert.equal(parseForwarded('proto=http,for;for=_hidden,'), ['', '_hidden', ''])
})

test('reads a long value in linear time', () => {
  const begin = process.cpuUsage()
  for (const part of [',', ';', '"', '\\', 'for=', '"\\"', ' ']) {
    parseForwarded(part.repeat(65_536)).map(parseNode)
    parseForwardedFor(part.repeat(65_536)).map(parseNode)
  }
  const { user, system } = process.cpuUsage(begin)
  assert.ok(user + system < 2_000_000, `${user + system} µs`)
})
