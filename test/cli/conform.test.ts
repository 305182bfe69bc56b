import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conform } from '../../src/cli/conform.ts'
import { isUsageError } from '../../src/cli/usage.ts'
import type { RunResult } from '../../src/conformance/result.ts'
import type { ServerDefect } from '../conformance/broken/defects.ts'
import { startServer } from '../conformance/broken/server.ts'
import { bundleProgram } from '../support/bundle.ts'
import { type EndedCommand, runCommand } from '../support/command.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'

const test = suite('cli/conform', { timeLimit: 60_000 })
const BROKEN = fileURLToPath(new URL('../conformance/broken/main.ts', import.meta.url))

/** Runs `dwebsocket conform` as a user does. */
function runConform(...args: string[]): Promise<EndedCommand> {
  return runCommand('conform', ...args)
}

/** Starts the echo server with these defects. Resolves to its URL. */
async function startEcho(t: TestContext, ...defects: ServerDefect[]): Promise<string> {
  const server = await startServer({ defects: new Set(defects) })
  t.after(() => server.close())
  return server.url
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'conform-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a conforming server gives exit code 0 and a verdict in the last line', async (t) => {
  const { exitCode, stdout } = await runConform(await startEcho(t), '-c', 'hs.key,hs.ver', '--strict')
  assert.is(exitCode, 0, stdout)
  assert.match(stdout.trimEnd().split('\n').at(-1) ?? '', 'verdict: CONFORMING')
})

test('a broken server that the tool starts gives 1, with rule, both sides and the line that repeats it', async () => {
  const { exitCode, stdout } = await runConform(
    '--exec',
    `node ${await bundleProgram(BROKEN)} --port {port} --defect accepts-missing-host`,
    '-c',
    'hs.host',
    '--seed',
    '7',
  )
  assert.is(exitCode, 1)
  assert.match(stdout, 'hs.host.missing')
  assert.match(stdout, 'expected  400')
  assert.match(stdout, 'received  no Host: HTTP/1.1 101')
  assert.match(stdout, /again {5}dwebsocket conform --exec .* -c hs\.host\.missing --trace --seed 7/)
})

test('a should fails the run only when asked', async (t) => {
  const args = [await startEcho(t, 'resets-tcp'), '-c', 'close.fin-not-rst', '-q']
  assert.equal(
    (await Promise.all([runConform(...args), runConform(...args, '--strict')])).map(({ exitCode }) => exitCode),
    [0, 1],
  )
})

test('wrong use is rejected: an unknown case, option or format, or no target', async () => {
  const wrong = [
    ['ws://127.0.0.1:1', '-c', 'hs.nothing'],
    ['ws://127.0.0.1:1', '--no-such-option'],
    ['ws://127.0.0.1:1', '-o', 'pdf'],
    ['ws://127.0.0.1:1', '-c', 'hs.key', '-x', 'hs'],
    [],
    ['explain', 'nothing.like.it'],
  ]
  for (const args of wrong) assert.ok(isUsageError(await thrownBy(() => conform(args))), args.join(' '))
})

test('wrong use gives 2: a public target', async () => {
  const { exitCode, stderr } = await runConform('ws://example.org')
  assert.is(exitCode, 2)
  assert.match(stderr, '--i-own-this-target')
})

test('a target that does not accept gives 3, with a report', async (t) => {
  const path = join(temporaryFolder(t), 'result.json')
  const { exitCode, stderr } = await runConform('ws://127.0.0.1:1', '-c', 'hs.key', '-o', `json:${path}`)
  assert.is(exitCode, 3)
  assert.match(stderr, 'ECONNREFUSED')
  const result = JSON.parse(readFileSync(path, 'utf8')) as RunResult
  assert.is(result.summary.skip, 21)
  assert.is(result.summary.verdict, 'incomplete')
})

test('a run without a verdict gives 5: only skipped cases, or no time for any', async (t) => {
  const url = await startEcho(t)
  for (const words of [
    ['-c', 'hs.tls'],
    ['-c', 'hs.key', '--deadline', '0.001'],
  ]) {
    const { exitCode, stdout } = await runConform(url, ...words, '--strict')
    assert.is(exitCode, 5, words.join(' '))
    assert.match(stdout, 'INCOMPLETE')
  }
  assert.is((await runConform(url, '-c', 'hs.tls,hs.host', '--strict')).exitCode, 0)
})

test('an unknown name is answered with similar names, or with where the names are', async () => {
  const { exitCode, stderr } = await runConform('explain', 'zzzz')
  assert.is(exitCode, 2)
  assert.match(stderr, '“zzzz” matches no case; dwebsocket conform list prints the names')
  assert.match((await runConform('explain', 'frag.orphan')).stderr, 'did you mean')
})

test('nothing but the chosen format goes to standard output', async (t) => {
  const { stdout } = await runConform(await startEcho(t), '-c', 'hs.key.empty', '-o', 'json')
  const result = JSON.parse(stdout) as RunResult
  assert.equal([result.schema, result.cases[0].verdict], ['dwebsocket-conform/1', 'pass'])
})

test('several formats are written at once', async (t) => {
  const folder = temporaryFolder(t)
  const formats = ['json', 'jsonl', 'junit', 'tap', 'markdown', 'html', 'autobahn', 'badge']
  const outputs = formats.flatMap((format) => ['-o', `${format}:${join(folder, 'deep', format)}`])
  const { exitCode, stdout } = await runConform(await startEcho(t), '-c', 'hs.key', ...outputs)
  assert.is(exitCode, 0)
  assert.match(stdout, 'verdict: CONFORMING')
  for (const format of formats) assert.ok(existsSync(join(folder, 'deep', format)), format)
  const lines = readFileSync(join(folder, 'deep', 'jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  assert.equal([...new Set(lines.map((line) => JSON.parse(line).type))], ['run', 'case', 'summary'])
  assert.is(lines.length, 23)
})

test('a baseline makes known failures harmless and is written from a run', async (t) => {
  const path = join(temporaryFolder(t), 'baseline.json')
  const args = [await startEcho(t, 'accepts-missing-host'), '-c', 'hs.host']
  assert.is((await runConform(...args, '--write-baseline', path)).exitCode, 1)
  assert.is((await runConform(...args, '--baseline', path)).exitCode, 0)
  writeFileSync(path, readFileSync(path, 'utf8').replace('hs.host.missing', 'hs.host.empty'))
  const { exitCode, stderr } = await runConform(...args, '--baseline', path)
  assert.is(exitCode, 1)
  assert.match(stderr, 'known failures of the baseline that now pass: hs.host.empty')
})

test('results can be compared, converted and put side by side', async (t) => {
  const folder = temporaryFolder(t)
  const [good, bad] = ['good.json', 'bad.json'].map((name) => join(folder, name))
  await Promise.all([
    runConform(await startEcho(t), '-c', 'hs.host', '-o', `json:${good}`),
    runConform(await startEcho(t, 'accepts-missing-host'), '-c', 'hs.host', '-o', `json:${bad}`),
  ])
  const worse = await runConform('diff', good, bad)
  assert.is(worse.exitCode, 1)
  assert.match(worse.stdout, 'hs.host.missing  pass -> fail')
  assert.is((await runConform('diff', bad, good)).exitCode, 0)
  assert.match((await runConform('report', bad, '-o', 'tap')).stdout, 'not ok')
  assert.match((await runConform('matrix', good, bad, '--label', 'one', '--label', 'two')).stdout, 'hs.host.missing')
})

test('list, explain and requirements say what is tested and why', async () => {
  const [list, explain, rules] = await Promise.all([
    runConform('list', 'hs.key', '--json'),
    runConform('explain', 'hs.ver.v14'),
    runConform('requirements', '6455/4.4'),
  ])
  assert.is(JSON.parse(list.stdout).length, 21)
  assert.match(explain.stdout, 'https://www.rfc-editor.org/rfc/rfc6455.html#section-4.4')
  assert.match(rules.stdout, '6455-4.4-1')
})

test('--list names what would run and what would be skipped', async () => {
  const { exitCode, stdout } = await runConform('ws://127.0.0.1:1', '-c', 'hs.proto', '--list')
  assert.is(exitCode, 0)
  assert.match(stdout, /hs\.proto\.known .*skip: needs --subprotocol NAME/)
})

test('--trace shows the bytes on standard error', async (t) => {
  const { stderr } = await runConform(await startEcho(t), '-c', 'hs.ok.minimal', '--trace')
  assert.match(stderr, 'GET / HTTP/1.1')
  assert.match(stderr, 'text fin masked 5')
})

test('help and version go to standard output', async () => {
  const [help, version] = await Promise.all([runConform('--help'), runConform('--version')])
  assert.match(help.stdout, 'Exit codes')
  assert.match(version.stdout, /^dwebsocket conform \d/)
})
