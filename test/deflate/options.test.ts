import { type DeflateOptions, readDeflateOptions } from '../../src/deflate/options.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('deflate options')

test('true means the defaults of a server', () => {
  assert.equal(readDeflateOptions(true), {
    threshold: 1024,
    level: 4,
    memLevel: 8,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 12,
    serverContextTakeover: false,
    clientContextTakeover: true,
    maxCompressionMemory: 64 * 1024 * 1024,
  })
})

test('a client stores no context for what it sends', () => {
  const options = readDeflateOptions(true, 'client')
  assert.is(options.serverContextTakeover, true)
  assert.is(options.clientContextTakeover, false)
})

test('a value overrides the default, and undefined does not', () => {
  const options = readDeflateOptions({ threshold: 0, level: undefined, serverContextTakeover: true })
  assert.is(options.threshold, 0)
  assert.is(options.level, 4)
  assert.is(options.serverContextTakeover, true)
})

test('a value of the wrong type is a TypeError', async () => {
  for (const options of [false, null, 'yes', 1, { level: '6' }, { serverContextTakeover: 1 }, { threshhold: 1 }]) {
    const error = await thrownBy(() => readDeflateOptions(options as DeflateOptions))
    assert.instance(error, TypeError)
    assert.match(error.message, /^option deflate/)
  }
})

test('a name of Object.prototype is not an option', async () => {
  const options = JSON.parse('{"__proto__": 1, "constructor": 1}')
  assert.match((await thrownBy(() => readDeflateOptions(options))).message, 'is unknown; allowed: threshold, level')
})

test('a number out of range is a RangeError that names the range', async () => {
  const wrong: DeflateOptions[] = [
    { threshold: -1 },
    { threshold: 1.5 },
    { level: 10 },
    { level: -1 },
    { memLevel: 0 },
    { memLevel: 10 },
    { serverMaxWindowBits: 7 },
    { serverMaxWindowBits: 16 },
    { clientMaxWindowBits: 7 },
    { clientMaxWindowBits: Number.NaN },
    { maxCompressionMemory: -1 },
    { maxCompressionMemory: Number.POSITIVE_INFINITY },
  ]
  for (const options of wrong) {
    const error = await thrownBy(() => readDeflateOptions(options))
    assert.instance(error, RangeError, JSON.stringify(options))
    assert.match(error.message, /^option deflate\.\w+ is .+; allowed: an integer from \d+/)
  }
})
