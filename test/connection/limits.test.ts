import { type ConnectionLimits, defaultLimits, readLimits } from '../../src/connection/limits.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('limits')

test('has these defaults: sizes in bytes, times in milliseconds', () => {
  assert.equal(defaultLimits, {
    maxMessageSize: 1_048_576,
    maxStreamSize: Number.POSITIVE_INFINITY,
    maxFrames: 131_072,
    highWaterMark: 1_048_576,
    maxBufferedAmount: 16_777_216,
    overflow: 'close',
    messageRate: null,
    byteRate: null,
    pingRate: { perSecond: 1_000 },
    overRate: 'pause',
    headerTimeout: 10_000,
    minPayloadRate: 1_024,
    messageTimeout: 60_000,
    closeTimeout: 5_000,
    pingInterval: 25_000,
    pingTimeout: 20_000,
    idleTimeout: Number.POSITIVE_INFINITY,
    maxLifetime: Number.POSITIVE_INFINITY,
  })
})

test('fills in absent limits from the base, and ignores other names', () => {
  const base = readLimits({ maxFrames: 5, overflow: 'drop' })
  const limits = readLimits({ maxMessageSize: 7, maxFrames: undefined, stranger: 1 } as never, base)
  assert.equal(limits, { ...defaultLimits, maxFrames: 5, overflow: 'drop', maxMessageSize: 7 })
})

test('accepts every legal value', () => {
  const given: Partial<ConnectionLimits> = {
    messageRate: { perSecond: 1 },
    byteRate: { perSecond: 0.5, burst: 1 },
    pingRate: null,
    overRate: 'close',
    minPayloadRate: 0,
    headerTimeout: Number.POSITIVE_INFINITY,
  }
  assert.equal(readLimits(given), { ...defaultLimits, ...given })
})

const numbers = Object.entries(defaultLimits).filter(([, value]) => typeof value === 'number')
for (const [name] of numbers) {
  test(`throws a RangeError that names ${name} for a number that is not positive, a TypeError for other types`, async () => {
    for (const value of [-1, Number.NaN, name === 'minPayloadRate' ? -0.1 : 0]) {
      const error = await thrownBy(() => readLimits({ [name]: value }))
      assert.instance(error, RangeError)
      assert.match(error.message, `option ${name} is ${value}; allowed: `)
    }
    for (const value of ['1', null, {}]) {
      const error = await thrownBy(() => readLimits({ [name]: value as never }))
      assert.instance(error, TypeError)
      assert.match(error.message, name)
    }
  })
}

for (const name of ['messageRate', 'byteRate', 'pingRate'] as const) {
  test(`throws a RangeError that names ${name} for an invalid rate`, async () => {
    for (const value of [1, {}, { perSecond: 0 }, { perSecond: 1, burst: 0 }, { perSecond: '1' }]) {
      const error = await thrownBy(() => readLimits({ [name]: value } as never))
      assert.instance(error, RangeError)
      assert.match(error.message, name)
    }
  })
}

test('names the allowed values of a choice', async () => {
  assert.match((await thrownBy(() => readLimits({ overflow: 'keep' as never }))).message, "allowed: 'close', 'drop'")
  assert.match((await thrownBy(() => readLimits({ overRate: 'drop' as never }))).message, "allowed: 'pause', 'close'")
})
