import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../bench/report/report.ts'
import { createServer } from '../../src/index.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('bench command', { timeLimit: 60_000 })

const script = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url))
const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

interface Outcome {
  code: number | null
  out: string
  err: string
}

/** Runs the built benchmark. */
function bench(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const outcome: Outcome = { code: null, out: '', err: '' }
  child.stdout.on('data', (text) => {
    outcome.out += text
  })
  child.stderr.on('data', (text) => {
    outcome.err += text
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...outcome, code })))
}

function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

const SHORT = ['--rounds', '2', '--duration', '0.1', '--warmup', '0.05']

test('explains itself', async () => {
  const { code, out } = await bench('--help')
  assert.is(code, 0)
  for (const word of ['--against', '--exec', 'compare OLD.json NEW.json', 'burst-128', 'ws+bufferutil']) {
    assert.ok(out.includes(word), word)
  }
})

test('exits with 2 on wrong arguments', async () => {
  const { code, err, out } = await bench('echo', '--size', 'huge')
  assert.is(code, 2)
  assert.match(err, /option --size is 'huge'/)
  assert.is(out, '')
})

test('measures real servers and writes JSON and a page', async (t) => {
  const page = join(makeFolder(t), 'report.html')
  const { code, out, err } = await bench('echo', '--against', 'raw', '--json', '--html', page, ...SHORT)
  assert.is(code, 0, err)
  const report: Report = JSON.parse(out)
  const [row] = report.rows
  assert.equal(
    row.peers.map((peer) => peer.name),
    ['dwebsocket', 'raw'],
  )
  for (const peer of row.peers) {
    assert.is(peer.rounds.length, 2)
    assert.ok(peer.rounds.every((round) => round.count > 0 && (round.cost === undefined || round.cost > 0)))
  }
  assert.match(readFileSync(page, 'utf8'), /^<!doctype html>/)
})

test('measures HTTP/2 beside HTTP/1.1 over TLS', async () => {
  const { code, out, err } = await bench('echo', '--http2', '--connections', '120', '--json', ...SHORT)
  assert.is(code, 0, err)
  const [row] = (JSON.parse(out) as Report).rows
  assert.equal(
    row.peers.map(({ name, rounds }) => [name, rounds.every(({ count }) => count >= 120)]),
    [
      ['dwebsocket+http2', true],
      ['dwebsocket+tls', true],
    ],
  )
})

test('reaches a running server by HTTP/2', async (t) => {
  const server = createServer({ http2: true })
  server.onConnection = (connection) => {
    assert.is(connection.request.httpVersion, '2.0')
    connection.onMessage = (data) => void connection.send(data)
  }
  const { port } = (await server.listen(0)) as { port: number }
  t.after(() => server.close())
  const { code, out, err } = await bench('echo', '--http2', '--url', `ws://127.0.0.1:${port}/`, '--json', ...SHORT)
  assert.is(code, 0, err)
  assert.ok((JSON.parse(out) as Report).rows[0].peers[0].rounds.every(({ count }) => count >= 1000))
})

test('starts a server by its command and stops it', async () => {
  const command = `"${process.execPath}" "${cli}" echo --port {port}`
  const { code, out, err } = await bench('echo', '--exec', command, '--against', 'none', '--json', ...SHORT)
  assert.is(code, 0, err)
  assert.is((JSON.parse(out) as Report).rows[0].peers[0].name, 'exec')
})

test('exits with 3 when nothing could be measured', async () => {
  const { code, out } = await bench('echo', '--url', 'ws://127.0.0.1:1/', ...SHORT)
  assert.is(code, 3)
  assert.match(out, /url failed in round 1: .*ECONNREFUSED/)
})

test('lists the rows of the table and rejects unknown ones', async () => {
  const { code, out } = await bench('table', '--list', 'idle', 'burst-1k')
  assert.is(code, 0)
  assert.match(out, /burst-1k +1 KiB, 64 in flight × 32: ≥ 8× ws, ≥ 6× ws\+bufferutil, ≥ 0\.72× raw\n/)
  assert.is((await bench('table', 'burst-2k')).code, 2)
})

test('measures the parser in memory', async () => {
  const { code, out, err } = await bench('table', 'parser', '--json', '--rounds', '1', '--duration', '0.3')
  assert.ok(code === 0 || code === 1, err)
  const { rows } = JSON.parse(out) as Report
  assert.equal(
    rows.map((row) => row.id),
    ['parser-masked-8', 'parser-masked-32'],
  )
  assert.ok(rows.every((row) => row.peers.every((peer) => peer.cost.median > 0)))
})

test('compares two reports and exits with 1 on a regression', async (t) => {
  const folder = makeFolder(t)
  const write = (name: string, cost: number): string => {
    const round = { cost, count: 1, seconds: 1 }
    const peers = [{ name: 'dwebsocket', rounds: [round, round] }]
    const row = { id: 'echo', unit: 'µs/message', peers, ratios: [] }
    writeFileSync(join(folder, name), JSON.stringify({ format: 1, rows: [row] }))
    return join(folder, name)
  }
  const [old, slower] = [write('old.json', 1), write('new.json', 2)]
  const worse = await bench('compare', old, slower)
  assert.is(worse.code, 1)
  assert.match(worse.out, /worse {3}echo: cost of dwebsocket 1 µs\/message → 2 µs\/message \(-50 %\)/)
  assert.is((await bench('compare', slower, old)).code, 0)
})
