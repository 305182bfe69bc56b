import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseOptions } from '../../../src/cli/conform/option.ts'
import { writeScript } from '../../../src/cli/conform/script.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { runClient } from '../../conformance/broken/client.ts'
import type { ClientDefect, ServerDefect } from '../../conformance/broken/defects.ts'
import { startServer } from '../../conformance/broken/server.ts'
import { atOnce } from '../../support/at-once.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('cli/conform/script', { timeLimit: 60_000 })
const run = atOnce(6)

function script(...words: string[]): Promise<string> {
  return writeScript(parseOptions([...words, '--script', '--seed', '1']))
}

/** Resolves to the output of a script that runs against a server with these defects. */
async function runAgainst(code: string, defects: ServerDefect[]): Promise<string> {
  const server = await startServer({ defects: new Set(defects) })
  try {
    return await new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        ['--input-type=module', '-', new URL(server.url).port],
        { timeout: 30_000 },
        (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
      )
      child.stdin?.end(code)
    })
  } finally {
    await server.close()
  }
}

/**
 * Runs the script of each example with a good peer and with one that has the defect. Resolves to those that do not show
 * the good answer, or show the same answer for both.
 */
async function findAlike<Defect>(
  list: readonly (readonly [id: string, defect: Defect, good: RegExp])[],
  runWith: (code: string, defects: Defect[]) => Promise<string>,
): Promise<string[]> {
  const judgements = list.map(async ([id, defect, good]) => {
    const code = await run(() => script(id))
    const [answer, wrong] = await Promise.all([run(() => runWith(code, [])), run(() => runWith(code, [defect]))])
    if (!good.test(answer)) return [`${id} without defects: ${answer}`]
    return wrong === answer ? [`${id}, ${defect}: ${wrong}`] : []
  })
  return (await Promise.all(judgements)).flat()
}

/** Cases, each with the reply of a correct server and a defect with another reply, however segments arrive. */
const examples: [id: string, defect: ServerDefect, good: RegExp][] = [
  ['frag.orphan-fin1', 'accepts-orphan-continuation', /: 88[0-9a-f]{2}03ea/],
  ['frag.text-inside-text', 'accepts-start-inside-message', /: 88[0-9a-f]{2}03ea/],
  ['ctl.ping-126', 'accepts-long-control', /: 88[0-9a-f]{2}03ea/],
  ['op.3-empty', 'skips-reserved-opcodes', /: 88[0-9a-f]{2}03ea/],
  ['rsv.text-rsv3', 'ignores-rsv', /: 88[0-9a-f]{2}03ea/],
  ['mask.unmasked-ping', 'accepts-unmasked-control', /: 88[0-9a-f]{2}03ea/],
  ['utf8.latin-1-byte', 'checks-text-per-frame', /: 811d48656c6c6f2dc2b5/],
  ['len.header-dribble', 'masks-its-own', /: 8105[0-9a-f]{10}/],
  ['len.header-splits', 'masks-its-own', /^c12 < \d+ bytes: .*\n/m],
  ['len.binary-random-65534', 'masks-its-own', /: 827efffe/],
  ['utf8.all-codepoints', 'masks-its-own', /: 817f0000/],
  ['close.empty', 'replies-1005-to-empty-close', /: 8800$/m],
  ['close.reason-bad-utf8', 'checks-no-reason', /: 88[0-9a-f]{2}03ef/],
  ['ping.text', 'answers-ping-without-data', /: 8a[0-9a-f]{2}[0-9a-f]+/],
  ['hs.upgrade.prefix', 'upgrade-by-substring', /HTTP\/1\.1 4/],
  ['hs.ok.dribble', 'head-in-one-segment', /HTTP\/1\.1 101/],
  ['pmd.data.bad-btype3', 'pmd-takes-broken-data-for-empty', /: 88[0-9a-f]{2}03e/],
]

test('the scripts of a dozen cases show the answer of a good server, and another one of a broken server', async () => {
  assert.equal(await findAlike(examples, runAgainst), [])
})

/** Resolves to the output of a script to which a client with these defects connects, until the script ends. */
async function serveTo(code: string, defects: ClientDefect[]): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-', '0'], { timeout: 30_000 })
  child.stdin.end(code)
  let output = ''
  child.stdout.on('data', (bytes) => {
    output += bytes
  })
  const ended = once(child, 'close')
  while (!output.includes('listening on port')) await once(child.stdout, 'data')
  const port = /listening on port (\d+)/.exec(output)?.[1]
  const signal = AbortSignal.timeout(30_000)
  await runClient(`ws://127.0.0.1:${port}/`, { defects: new Set(defects), signal })
  await ended
  // What differs with each run is no part of the answer.
  return output.replace(/^listening.*\n/, '').replace(/Sec-WebSocket-Key: [^\\]*/, '')
}

/** Cases for clients, each with what a correct client sends and a defect with another reaction. */
const clientExamples: [id: string, defect: ClientDefect, good: RegExp][] = [
  ['client.resp.garbage', 'accepts-any-status', /^c0 < "GET /m],
  ['client.resp.no-upgrade', 'accepts-any-upgrade', /^c0 < FIN/m],
  ['client.resp.bad-accept', 'accepts-any-accept', /^c0 < FIN/m],
  ['client.resp.dribble', 'head-in-one-segment', /: 8185[0-9a-f]{18}/],
  ['client.resp.frame-with-101', 'loses-frames-with-answer', /: 8[12][0-9a-f]+/],
]

test('the scripts of cases for clients show the reaction of a good client, and another one of a broken client', async () => {
  assert.equal(await findAlike(clientExamples, serveTo), [])
})

test('a script for clients says to which URL they connect, and when they close', async () => {
  const code = await script('client.close.client-initiated', 'ws://localhost:8123/')
  assert.match(code, '// Then let the client connect, one connection after the other, to: ws://localhost:8123/\n')
  assert.match(code, '// Let it close the connection when it is open.\n')
  assert.match(code, "server.listen(process.argv[2] ?? 8123, 'localhost'")
})

test('a script has at most twenty lines of code and imports only node', async () => {
  const lines = (await script('len.header-dribble')).trimEnd().split('\n')
  const code = lines.filter((line) => !line.startsWith('//'))
  assert.ok(code.length <= 20, code.join('\n'))
  const imports = code.filter((line) => line.startsWith('import'))
  assert.ok(imports.every((line) => / from 'node:[\w/]+'$/.test(line)))
})

test('a script says the rule, what is expected, and connects to the given URL', async () => {
  const code = await script('hs.ver.v14', 'ws://localhost:8123/chat?x=1')
  assert.match(code, '// rule 6455-4.4-1 (MUST): ')
  assert.match(code, '// expected: 4xx')
  assert.match(code, "host: 'localhost', port: process.argv[2] ?? 8123")
  assert.match(code, "'GET /chat?x=1 HTTP/1.1\\r\\nHost: localhost:8123\\r\\n")
})

test('what has no script is refused with the reason', async () => {
  const reasons: [words: string[], reason: RegExp][] = [
    [[], /--script needs exactly one case/],
    [['no.such-case'], /unknown case 'no\.such-case'/],
    [['client.req.tls-first'], /its server needs certificates/],
    [['hs.limit.abandon-500'], /it has \d+ steps; at most 60 fit \(\d+ connections are open at once\)/],
    [['hs.proto.known'], /needs --subprotocol NAME/],
    [['hs.ver.v14', 'wss://127.0.0.1/'], /allowed: ws:\/\/HOST:PORT\/PATH/],
  ]
  for (const [words, reason] of reasons) {
    const error = await script(...words).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof UsageError, `${words}: ${error}`)
    assert.match((error as Error).message, reason)
  }
})
