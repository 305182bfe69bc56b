import { readLimitOptions } from '../../src/cli/limit.ts'
import { UsageError } from '../../src/cli/usage.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('cli/limit')

test('reads numbers, names, rates and lists', () => {
  const words = ['headerTimeout=2000', 'idleTimeout=Infinity', 'overflow=drop', 'pingRate=10:50', 'byteRate=1e6']
  assert.equal(readLimitOptions([...words, 'messageRate=off', 'trustedProxies=10.0.0.0/8,::1', 'maxMemory=5']), {
    headerTimeout: 2000,
    idleTimeout: Number.POSITIVE_INFINITY,
    overflow: 'drop',
    pingRate: { perSecond: 10, burst: 50 },
    byteRate: { perSecond: 1_000_000 },
    messageRate: null,
    trustedProxies: ['10.0.0.0/8', '::1'],
    maxMemory: 5,
  })
  assert.equal(readLimitOptions([]), {})
})

test('rejects unknown names and unreadable values, and says what is allowed', async () => {
  for (const word of [
    'nothing=1',
    'toString=1',
    'headerTimeout',
    'headerTimeout=',
    'maxFrames=x',
    'maxFrames=0x10',
    'maxFrames= 5',
    'pingRate=1:2:3',
  ]) {
    const error = await thrownBy(() => readLimitOptions([word]))
    assert.instance(error, UsageError)
    assert.match(error.message, word.replace(/\W.*/, ''))
  }
})
