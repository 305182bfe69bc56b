import { formats, parseResults } from '../../../src/conformance/report/index.ts'
import { buildContext, buildMixedRun } from '../../support/conformance-result.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/report/json')

test('reads back what it wrote, one target or several', () => {
  const run = buildMixedRun()
  const context = buildContext({ verbosity: 2 })
  assert.equal(parseResults(formats['json']([run], context)), [run])
  assert.equal(parseResults(formats['json']([run, run], context)), [run, run])
})

test('retains wire logs only of what deviates, unless frames were asked for', () => {
  const [run] = parseResults(formats['json']([buildMixedRun()], buildContext()))
  for (const { verdict, wire } of run.cases) assert.is(wire.length > 0, verdict !== 'pass', verdict)
})

test('writes a line per case between the run and its summary', () => {
  const lines = formats['jsonl']([buildMixedRun()], buildContext({ verbosity: 2 }))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    lines.map(({ type }) => type),
    ['run', ...Array(13).fill('case'), 'summary'],
  )
  const [{ type: first, ...run }, ...rest] = lines
  const { type: last, ...end } = rest.pop()
  const cases = rest.map(({ type, ...each }) => each)
  assert.equal([first, last, ...new Set(rest.map(({ type }) => type))], ['run', 'summary', 'case'])
  assert.equal({ ...run, ...end, cases }, buildMixedRun())
})

test('refuses a document of another kind', async () => {
  assert.is(
    (await thrownBy(() => parseResults('{"a":1}'))).message,
    'schema is missing; allowed: "dwebsocket-conform/1"',
  )
  assert.is((await thrownBy(() => parseResults('null'))).name, 'SyntaxError')
  assert.is(
    (await thrownBy(() => parseResults('{"schema":"dwebsocket-conform/1"}'))).message,
    'result without a list of cases',
  )
})
