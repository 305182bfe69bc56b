import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunResult } from '../../src/conformance/result.ts'
import { startServer } from '../conformance/broken/server.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('cli/conform', { timeLimit: 60_000 })
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BROKEN = `node --import tsx test/conformance/broken/main.ts --port {port}`

interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** Runs `dwebsocket conform` as a user does. */
function conform(...args: string[]): Promise<Ended> {
  const words = ['--import', 'tsx', 'src/cli/main.ts', 'conform', ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: ROOT, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

async function startEcho(t: TestContext): Promise<string> {
  const server = await startServer()
  t.after(() => server.close())
  return server.url
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'conform-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

test('a conforming server gives exit code 0 and a verdict in the last line', async (t) => {
  const { code, stdout } = await conform(await startEcho(t), '-c', 'hs.key,hs.ver', '--strict')
  assert.is(code, 0, stdout)
  assert.match(stdout.trimEnd().split('\n').at(-1) ?? '', 'verdict: CONFORMING')
})

test('a broken server that the tool starts gives 1, with rule, both sides and the line that repeats it', async () => {
  const { code, stdout } = await conform(
    '--exec',
    `${BROKEN} --defect accepts-missing-host`,
    '-c',
    'hs.host',
    '--seed',
    '7',
  )
  assert.is(code, 1)
  assert.match(stdout, 'hs.host.missing')
  assert.match(stdout, 'expected  400')
  assert.match(stdout, 'received  no Host: HTTP/1.1 101')
  assert.match(stdout, /again {5}dwebsocket conform --exec .* -c hs\.host\.missing --trace --seed 7/)
})

test('a should fails the run only when asked', async () => {
  const exec = ['--exec', `${BROKEN} --defect resets-tcp`, '-c', 'close.fin-not-rst', '-q']
  assert.equal(
    (await Promise.all([conform(...exec), conform(...exec, '--strict')])).map(({ code }) => code),
    [0, 1],
  )
})

test('wrong use gives 2: an unknown case, option, format or a public target', async () => {
  const wrong = [
    ['ws://127.0.0.1:1', '-c', 'hs.nothing'],
    ['ws://127.0.0.1:1', '--no-such-option'],
    ['ws://127.0.0.1:1', '-o', 'pdf'],
    ['ws://127.0.0.1:1', '-c', 'hs.key', '-x', 'hs'],
    ['ws://example.org'],
    [],
    ['explain', 'nothing.like.it'],
  ]
  const ends = await Promise.all(wrong.map((args) => conform(...args)))
  assert.equal(
    ends.map(({ code }) => code),
    wrong.map(() => 2),
  )
  assert.match(ends[4].stderr, '--i-own-this-target')
})

test('a target that does not accept gives 3, with a report', async (t) => {
  const path = join(temporaryFolder(t), 'result.json')
  const { code, stderr } = await conform('ws://127.0.0.1:1', '-c', 'hs.key', '-o', `json:${path}`)
  assert.is(code, 3)
  assert.match(stderr, 'ECONNREFUSED')
  const result = JSON.parse(readFileSync(path, 'utf8')) as RunResult
  assert.is(result.summary.skip, 21)
  assert.is(result.summary.verdict, 'incomplete')
})

test('nothing but the chosen format goes to standard output', async (t) => {
  const { stdout } = await conform(await startEcho(t), '-c', 'hs.key.empty', '-o', 'json')
  const result = JSON.parse(stdout) as RunResult
  assert.equal([result.schema, result.cases[0].verdict], ['dwebsocket-conform/1', 'pass'])
})

test('several formats are written at once', async (t) => {
  const folder = temporaryFolder(t)
  const formats = ['json', 'jsonl', 'junit', 'tap', 'markdown', 'html', 'autobahn', 'badge']
  const outputs = formats.flatMap((format) => ['-o', `${format}:${join(folder, 'deep', format)}`])
  const { code, stdout } = await conform(await startEcho(t), '-c', 'hs.key', ...outputs)
  assert.is(code, 0)
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
  const exec = ['--exec', `${BROKEN} --defect accepts-missing-host`, '-c', 'hs.host']
  assert.is((await conform(...exec, '--write-baseline', path)).code, 1)
  assert.is((await conform(...exec, '--baseline', path)).code, 0)
  writeFileSync(path, readFileSync(path, 'utf8').replace('hs.host.missing', 'hs.host.empty'))
  const { code, stderr } = await conform(...exec, '--baseline', path)
  assert.is(code, 1)
  assert.match(stderr, 'known failures of the baseline that now pass: hs.host.empty')
})

test('results can be compared, converted and put side by side', async (t) => {
  const folder = temporaryFolder(t)
  const [good, bad] = ['good.json', 'bad.json'].map((name) => join(folder, name))
  await Promise.all([
    conform('--exec', BROKEN, '-c', 'hs.host', '-o', `json:${good}`),
    conform('--exec', `${BROKEN} --defect accepts-missing-host`, '-c', 'hs.host', '-o', `json:${bad}`),
  ])
  const worse = await conform('diff', good, bad)
  assert.is(worse.code, 1)
  assert.match(worse.stdout, 'hs.host.missing  pass -> fail')
  assert.is((await conform('diff', bad, good)).code, 0)
  assert.match((await conform('report', bad, '-o', 'tap')).stdout, 'not ok')
  assert.match((await conform('matrix', good, bad, '--label', 'one', '--label', 'two')).stdout, 'hs.host.missing')
})

test('list, explain and requirements say what is tested and why', async () => {
  const [list, explain, rules] = await Promise.all([
    conform('list', 'hs.key', '--json'),
    conform('explain', 'hs.ver.v14'),
    conform('requirements', '6455/4.4'),
  ])
  assert.is(JSON.parse(list.stdout).length, 21)
  assert.match(explain.stdout, 'https://www.rfc-editor.org/rfc/rfc6455.html#section-4.4')
  assert.match(rules.stdout, '6455-4.4-1')
})

test('--list names what would run and what would be skipped', async () => {
  const { code, stdout } = await conform('ws://127.0.0.1:1', '-c', 'hs.proto', '--list')
  assert.is(code, 0)
  assert.match(stdout, /hs\.proto\.known .*skip: needs --subprotocol NAME/)
})

test('--trace shows the bytes on standard error', async (t) => {
  const { stderr } = await conform(await startEcho(t), '-c', 'hs.ok.minimal', '--trace')
  assert.match(stderr, 'GET / HTTP/1.1')
  assert.match(stderr, 'text fin masked 5')
})

test('help and version go to standard output', async () => {
  const [help, version] = await Promise.all([conform('--help'), conform('--version')])
  assert.match(help.stdout, 'Exit codes')
  assert.match(version.stdout, /^dwebsocket conform \d/)
})
