import { parseOptions, quote } from '../../../src/cli/conform/option.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('cli/conform/option')

test('has the documented defaults', () => {
  const options = parseOptions(['ws://localhost:1'])
  assert.equal(options.positionals, ['ws://localhost:1'])
  assert.equal([options.jobs, options.timeout, options.idle, options.retries], [8, 2000, 5000, 0])
  assert.equal([options.failOn, options.strict, options.verbosity, options.maxMessage], ['must', false, 0, 16_777_216])
})

test('times are seconds, events are scaled by the factor', () => {
  const options = parseOptions(['--timeout', '1.5', '--timeout-factor', '3', '--idle', '2', '--deadline', '60'])
  assert.equal([options.timeout, options.idle, options.deadline], [4500, 2000, 60_000])
})

test('-v counts, -q wins', () => {
  assert.is(parseOptions(['-v']).verbosity, 1)
  assert.is(parseOptions(['-vv']).verbosity, 2)
  assert.is(parseOptions(['-vv', '-q']).verbosity, -1)
})

test('--bail works with or without a number', () => {
  assert.is(parseOptions(['--bail', 'ws://x']).bail, 1)
  assert.is(parseOptions(['--bail', '3']).bail, 3)
  assert.is(parseOptions(['--bail=4']).bail, 4)
  assert.is(parseOptions([]).bail, undefined)
})

test('fields come from -H, --origin and --user', () => {
  const { fields } = parseOptions(['-H', 'X-A: b: c', '--origin', 'http://x', '--user', 'me:secret'])
  assert.equal(fields, [
    ['X-A', 'b: c'],
    ['Origin', 'http://x'],
    ['Authorization', `Basic ${Buffer.from('me:secret').toString('base64')}`],
  ])
})

test('what repeats a case is ready for a shell', () => {
  const { repeat } = parseOptions(['-H', "X-A: it's", '--insecure', '--subprotocol', 'chat'])
  assert.is(repeat, `--header 'X-A: it'\\''s' --subprotocol chat --insecure`)
  assert.is(quote('ws://localhost:1/a?b=c'), `'ws://localhost:1/a?b=c'`)
})

test('refuses what is not allowed, and says what is', async () => {
  const wrong: [string[], string][] = [
    [['-j', '0'], "option --jobs is '0'; allowed: a number from 1"],
    [['--timeout', 'x'], "option --timeout is 'x'; allowed: a number"],
    [['--fail-on', 'maybe'], 'must, should, new, never'],
    [['-H', 'nonsense'], "option -H is 'nonsense'; allowed: Name: value"],
    [['--ca', '/no/such/file'], '--ca /no/such/file'],
  ]
  for (const [args, message] of wrong) assert.match((await thrownBy(() => parseOptions(args))).message, message)
})
