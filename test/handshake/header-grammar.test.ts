import fc from 'fast-check'
import {
  type Extension,
  formatExtensions,
  hasToken,
  isSubprotocolList,
  isToken,
  parseExtensions,
  parseProtocolList,
  parseSubprotocols,
  parseTokenList,
} from '../../src/handshake/header-grammar.ts'
import { assert, suite } from '../support/unit.ts'
import { cpuMilliseconds } from './cpu.ts'

const test = suite('header-grammar')

/** Each of the 77 bytes of a token in RFC 9110 §5.6.2, written out. */
const TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

const OBJECT_NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']

function extension(name: string, ...parameters: [name: string, value: string | null, quoted?: boolean][]): Extension {
  return { name, parameters: parameters.map(([name, value, quoted = false]) => ({ name, value, quoted })) }
}

test('accepts arrays of different tokens as subprotocols, and nothing else', () => {
  for (const list of [[], ['a'], ['a', 'b.c']]) assert.ok(isSubprotocolList(list))
  for (const wrong of ['a', { length: 0 }, ['a', 'a'], [''], ['a b'], [5], [null], undefined]) {
    assert.not.ok(isSubprotocolList(wrong))
  }
})

test('classifies each of the 256 bytes as part of a token or not', () => {
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    assert.is(isToken(character), TOKEN.includes(character), `byte ${byte}`)
    assert.is(isToken(`a${character}b`), TOKEN.includes(character), `byte ${byte} inside`)
  }
})

test('accepts neither an empty text nor characters beyond latin1 as a token', () => {
  assert.is(isToken(''), false)
  assert.is(isToken('\u0141'), false)
  assert.is(isToken('a\u2028'), false)
})

test('parses a token list with blanks, tabs and empty elements', () => {
  assert.equal(parseTokenList('keep-alive, Upgrade'), ['keep-alive', 'Upgrade'])
  assert.equal(parseTokenList('keep-alive,Upgrade'), ['keep-alive', 'Upgrade'])
  assert.equal(parseTokenList(', ,Upgrade,'), ['Upgrade'])
  assert.equal(parseTokenList('\t a \t,\tb\t'), ['a', 'b'])
  assert.equal(parseTokenList(''), [])
  assert.equal(parseTokenList(' ,\t, '), [])
})

test('treats a token list as malformed when anything but a comma is between tokens', () => {
  for (const text of ['keep-alive Upgrade', '"Upgrade"', 'a/b', 'a;b', 'a, (b)', 'a\u00a0', '\u00ff\u00fe', 'a\0']) {
    assert.is(parseTokenList(text), null, JSON.stringify(text))
  }
})

test('parses a protocol list with versions', () => {
  assert.equal(parseProtocolList('websocket'), ['websocket'])
  assert.equal(parseProtocolList('foo/1, websocket'), ['foo/1', 'websocket'])
  assert.equal(parseProtocolList('websocket/13'), ['websocket/13'])
  for (const text of ['foo/', '/1', 'foo / 1', '"websocket"', 'web socket']) {
    assert.is(parseProtocolList(text), null, text)
  }
})

test('finds a token in a list whole and in any case only', () => {
  assert.is(hasToken(['keep-alive', 'UPGRADE'], 'upgrade'), true)
  assert.is(hasToken(['xUpgrade', 'Upgrades', 'upgrad', 'keep-alive'], 'upgrade'), false)
  assert.is(hasToken([], 'upgrade'), false)
})

test('parses extensions in order with their parameters', () => {
  assert.equal(parseExtensions('permessage-deflate; client_max_window_bits, bar; baz=2'), [
    extension('permessage-deflate', ['client_max_window_bits', null]),
    extension('bar', ['baz', '2']),
  ])
  assert.equal(parseExtensions('a ; b = 1 ;c\t, ,d'), [extension('a', ['b', '1'], ['c', null]), extension('d')])
  assert.equal(parseExtensions(', x-conf-a ,,'), [extension('x-conf-a')])
})

test('keeps every offer and every parameter that is repeated', () => {
  assert.equal(parseExtensions('a; b; b=1, a'), [extension('a', ['b', null], ['b', '1']), extension('a')])
})

test('reads a quoted value with escapes like a token (RFC 6455 §9.1)', () => {
  assert.equal(parseExtensions('a; b="10"'), [extension('a', ['b', '10', true])])
  assert.equal(parseExtensions('a; b="\\1\\0"; c'), [extension('a', ['b', '10', true], ['c', null])])
})

test('hs.ext.bad-*: finds every malformed extension field', () => {
  const malformed = [
    ...['', ' ', ',', '; a=1', 'x-conf;; a', 'x conf', 'x-conf; =1', 'x-conf; a=', 'x-conf=1', 'x-conf; a="1'],
    ...['x-conf; a="1 2"', 'x-conf; a=1/2', '(x-conf)', 'x-conf; a=""', 'x-conf;', 'x-conf; a="1"2', 'x-conf; a="1\\'],
    ...['x-conf; a=1 2', 'x-conf; a "1"', 'x-conf; a="\\""', 'x-conf; "a"', '"x-conf"', 'x-conf; a=1; ', 'a; b=\u00e9'],
  ]
  for (const text of malformed) assert.is(parseExtensions(text), null, text)
})

test('S-11: never reads list text inside a quoted value as another offer', () => {
  assert.is(parseExtensions('permessage-deflate; client_max_window_bits="10, permessage-deflate"'), null)
  assert.is(parseExtensions('x-conf; y=",permessage-deflate; client_max_window_bits,"'), null)
})

test('S-03: treats names of object members as plain text', () => {
  for (const name of OBJECT_NAMES) {
    assert.equal(parseExtensions(`${name}; ${name}=${name}`), [extension(name, [name, name])])
    assert.equal(parseSubprotocols(name), [name])
    assert.equal(parseTokenList(name), [name])
    assert.is(hasToken([], name), false)
  }
  assert.equal(parseSubprotocols(OBJECT_NAMES.join()), OBJECT_NAMES)
})

test('parses subprotocols in the client’s order', () => {
  assert.equal(parseSubprotocols('chat, superchat'), ['chat', 'superchat'])
  assert.equal(parseSubprotocols(',x-conf-a,,'), ['x-conf-a'])
  assert.equal(parseSubprotocols('a, A'), ['a', 'A'])
})

test('finds subprotocols malformed when empty, repeated or no tokens (RFC 6455 §4.1)', () => {
  for (const text of ['', ',', 'x-conf-a, x-conf-a', 'a, b, a', 'a b', 'a/b', 'a;b', '"a"', '\u00ff\u00fe']) {
    assert.is(parseSubprotocols(text), null, text)
  }
})

test('writes extensions as the grammar has them', () => {
  const extensions = [extension('permessage-deflate', ['a', null], ['b', '10', true]), extension('x')]
  assert.is(formatExtensions(extensions), 'permessage-deflate; a; b=10, x')
  assert.is(formatExtensions([]), '')
})

test('S-16: refuses to write an extension with anything but tokens', () => {
  for (const bad of [extension('a b'), extension('a', ['b\r\n', null]), extension('a', ['b', '1, c']), extension('')]) {
    assert.throws(
      () => formatExtensions([bad]),
      (error: unknown) => error instanceof TypeError,
    )
  }
})

test('agrees with the grammar written as one expression on 50,000 random extension fields', () => {
  const blanks = '[ \\t]*'
  const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
  const value = `(?:${token}|"(?:\\\\?[!#$%&'*+\\-.^_\`|~0-9A-Za-z])+")`
  const element = `${token}(?:${blanks};${blanks}${token}(?:${blanks}=${blanks}${value})?)*`
  const grammar = new RegExp(`^[ \\t,]*${element}(?:${blanks},[ \\t,]*${element})*[ \\t,]*$`)
  const pieces = ['a', 'b', 'a', 'b', ',', ';', ';', '=', '=', ' ', '\t', '"', '"b"', '\\', '/', '\u00e9']
  const field = fc.string({ unit: fc.constantFrom(...pieces), minLength: 1, maxLength: 10 })
  let accepted = 0
  const agrees = fc.property(field, (text) => {
    const found = parseExtensions(text)
    assert.is(found !== null, grammar.test(text))
    if (found === null) return
    accepted++
    const unquoted = found.map(({ name, parameters }) => ({
      name,
      parameters: parameters.map((parameter) => ({ ...parameter, quoted: false })),
    }))
    assert.equal(parseExtensions(formatExtensions(found)), unquoted)
  })
  fc.assert(agrees, { seed: 9, numRuns: 50_000 })
  assert.ok(accepted > 1000, `${accepted} accepted`)
})

/** Returns texts for which the regular expressions of other implementations ran for minutes. */
function hostileTexts(size: number): string[] {
  return [
    ' '.repeat(size),
    `a${' '.repeat(size)}b`,
    ','.repeat(size),
    ' ,'.repeat(size / 2),
    `a;b="${'\\c'.repeat(size / 2)}`,
    `a;b="${'\\'.repeat(size)}`,
    `a;b=${'"'.repeat(size)}`,
    `a${';b'.repeat(size / 2)}`,
    'a,'.repeat(size / 2),
    'a'.repeat(size),
    `${'a'.repeat(size)}(`,
    '\t'.repeat(size),
  ]
}

test('S-04, S-20, S-40: parses 64 KiB of anything in less than 50 ms of CPU', () => {
  for (const text of hostileTexts(65_536)) {
    for (const parse of [parseTokenList, parseProtocolList, parseExtensions, parseSubprotocols]) {
      assert.ok(cpuMilliseconds(() => parse(text)) < 50, `${parse.name} of ${JSON.stringify(text.slice(0, 12))}…`)
    }
  }
})
