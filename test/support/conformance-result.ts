import { createHash } from 'node:crypto'
import type { ReportContext, Requirement } from '../../src/conformance/report/index.ts'
import type { AssertionResult, CaseResult, RunResult, Verdict, WireEvent } from '../../src/conformance/result.ts'

/** The requirements of the built cases, and one that no case has. */
export const requirements: Requirement[] = [
  {
    id: '6455-4.4-1',
    rfc: '6455',
    section: '4.4',
    level: 'MUST',
    who: 'server',
    statement: 'For a version it does not speak, the server lists its own versions in Sec-WebSocket-Version.',
  },
  { id: '6455-5.2-3', rfc: '6455', section: '5.2', level: 'MUST', who: 'both', statement: 'The minimal length form.' },
  { id: '6455-5.4-5', rfc: '6455', section: '5.4', level: 'MUST', who: 'both', statement: 'Fragments in order.' },
  {
    id: '6455-7.1.7-3',
    rfc: '6455',
    section: '7.1.7',
    level: 'SHOULD',
    who: 'both',
    statement: 'Send a Close with a status code.',
  },
  {
    id: '6455-10.3-9',
    rfc: '6455',
    section: '10.3',
    level: 'MUST',
    who: 'client',
    statement: 'Not named by any case.',
    wire: 'not observable',
  },
]

/** Builds a context like that of the command line when its output is a pipe. */
export function buildContext(changes: Partial<ReportContext> = {}): ReportContext {
  return { strict: false, verbosity: 0, color: false, width: 80, requirements, selected: 6, total: 9, ...changes }
}

/** Builds the result of a case that passed, with `changes`. */
export function buildCase(id: string, changes: Partial<CaseResult> = {}): CaseResult {
  return {
    id,
    aliases: [],
    group: id.split('.').slice(0, -1).join('.'),
    title: `Title of ${id}`,
    class: 'must',
    verdict: 'pass',
    duration_ms: 3,
    attempts: 1,
    requirements: ['6455-5.4-5'],
    send: '`81 85 k` `Hello`',
    expect: 'echo, then clean close',
    assertions: [],
    close: { by: 'client', code: 1000, reason: '', tcp: 'fin' },
    wire: buildWire(id),
    repro: `dwebsocket conform ws://127.0.0.1:9001 -c ${id} --trace --seed 48213`,
    ...changes,
  }
}

/** Builds the result of a case in which one rule was violated. */
export function buildBroken(id: string, verdict: Verdict, broken: Partial<AssertionResult>, changes = {}): CaseResult {
  const assertion: AssertionResult = {
    requirement: '6455-5.4-5',
    class: verdict === 'warn' ? 'should' : 'must',
    ok: false,
    expected: 'fail(1002)',
    actual: 'text echo "a"',
    ...broken,
  }
  return buildCase(id, { verdict, requirements: [assertion.requirement], assertions: [assertion], ...changes })
}

/** Builds a wire log: a handshake, a masked text frame with random bytes, its echo, and the closing handshake. */
export function buildWire(seed: string): WireEvent[] {
  const noise = createHash('sha512').update(seed).digest('hex')
  const key = noise.slice(0, 24)
  return [
    { t: 0, dir: 'out', kind: 'connect', text: 'connect 127.0.0.1:9001' },
    {
      t: 0.2,
      dir: 'out',
      kind: 'http',
      text: `GET / HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    },
    {
      t: 1.1,
      dir: 'in',
      kind: 'http',
      text: `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
    },
    { t: 1.4, dir: 'out', kind: 'frame', text: 'text fin masked 5', hex: '818537fa213d7f9f4d5158' },
    { t: 2, dir: 'in', kind: 'frame', text: 'text fin 5', hex: '810548656c6c6f' },
    { t: 2.2, dir: 'out', kind: 'frame', text: 'binary fin masked 64', hex: `82c0${noise.slice(0, 8)}${noise}` },
    { t: 2.5, dir: 'out', kind: 'frame', text: 'close fin masked 2', hex: `8882${noise.slice(0, 8)}f512` },
    { t: 2.8, dir: 'in', kind: 'frame', text: 'close fin 2', hex: '880203e8' },
    { t: 3, dir: 'in', kind: 'fin', text: 'fin' },
  ]
}

/**
 * Builds a run with one case of every verdict, two equal failures, and a text with special characters of every format.
 */
export function buildMixedRun(changes: Partial<RunResult> = {}): RunResult {
  const version = { requirement: '6455-4.4-1', expected: 'Sec-WebSocket-Version has 13', actual: 'field missing' }
  return buildRun(
    [
      buildCase('hs.ok.minimal'),
      buildBroken('hs.ver.v14', 'fail', version, { title: 'Version 14' }),
      buildBroken('hs.ver.v0', 'fail', version, { title: 'Version 0' }),
      buildBroken(
        'len.long16-1',
        'warn',
        { requirement: '6455-7.1.7-3', actual: 'TCP closed' },
        { aliases: ['ab:1.1.2'] },
      ),
      buildCase('len.text-0', { aliases: ['ab:1.1.1'], title: 'Empty text' }),
      buildBroken('frag.orphan-fin1', 'crash', { actual: 'connection refused afterwards' }),
      buildBroken(
        'frag.markup',
        'fail',
        { actual: '</script><b>&"\'`|\u0001\u001b[31m] ]]> # é\nnext ::error::' },
        { aliases: ['ab:5.9'] },
      ),
      buildBroken('frag.known', 'fail', { actual: 'an echo' }, { known: true }),
      buildCase('ping.flood', { verdict: 'flaky', attempts: 2, note: 'passed when repeated alone' }),
      buildCase('ping.ten', { verdict: 'info', class: 'info', note: '10 pongs', aliases: ['ab:2.10'] }),
      buildCase('pmd.neg.plain', {
        verdict: 'skip',
        note: 'server declined permessage-deflate',
        aliases: ['ab:12.1.1'],
      }),
      buildCase('pmd.neg.bits', { verdict: 'skip', note: 'server declined permessage-deflate' }),
      buildCase('robust.files', { verdict: 'error', note: 'no more file descriptors' }),
    ],
    changes,
  )
}

/** Builds a run of these cases, whose summary is counted from them. */
export function buildRun(cases: CaseResult[], changes: Partial<RunResult> = {}): RunResult {
  const count = (...wanted: Verdict[]): number =>
    cases.filter(({ verdict, known }) => wanted.includes(verdict) && !known).length
  const [fail, crash, error] = [count('fail'), count('crash'), count('error')]
  return {
    schema: 'dwebsocket-conform/1',
    tool: { name: 'dwebsocket conform', version: '1.0.0' },
    catalogue: 1,
    started: '2026-01-05T10:00:00Z',
    duration_ms: 11_400,
    target: {
      url: 'ws://127.0.0.1:9001/',
      label: 'ws 8.18',
      side: 'server',
      server_header: null,
      pmd: true,
      h2: false,
      tls: null,
    },
    options: { strict: false, seed: 48_213, jobs: 8, selection: ['core'] },
    summary: {
      total: cases.length,
      pass: count('pass'),
      warn: count('warn'),
      fail,
      info: count('info'),
      skip: count('skip'),
      flaky: count('flaky'),
      crash,
      error,
      verdict: fail + crash > 0 ? 'nonconforming' : error > 0 ? 'incomplete' : 'conforming',
      must_failed: fail + crash,
      should_failed: count('warn'),
    },
    cases,
    observations: {
      close_code_protocol_error: { 1002: 58 },
      message_limit: 104_857_600,
      pong_ms: { p50: 0.2, p95: 0.5 },
    },
    ...changes,
  }
}

/** Builds a run as large as the whole catalogue: 1262 cases with wire logs, of which every 41st fails. */
export function buildFullRun(changes: Partial<RunResult> = {}): RunResult {
  const cases = Array.from({ length: 1262 }, (_, index) => {
    const id = `${['hs.ok', 'len', 'utf8', 'close', 'pmd.ab'][index % 5]}.case-${index}`
    return index % 41 === 0 ? buildBroken(id, 'fail', { actual: `answer ${index}` }) : buildCase(id)
  })
  return buildRun(cases, changes)
}
