import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as assert from 'uvu/assert'
import type { RunResult } from '../../src/conformance/result.ts'
import { suite } from '../support/unit.ts'

const test = suite('matrix: a run', { timeLimit: 300_000 })

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

test('starts a server, tests it, and writes the pages', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'matrix-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const rows = 'ping.text,mask.unmasked-text,frag.text-2'
  const options = ['--no-install', '--results', folder, '--pages', folder, '--side', 'server', '--cases', rows]
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', MAIN, 'dwebsocket', ...options])
  assert.match(stdout, 'dwebsocket: exit 0')
  const result = JSON.parse(readFileSync(join(folder, 'dwebsocket.json'), 'utf8')) as RunResult
  assert.is(
    result.cases
      .map(({ id, verdict }) => `${id} ${verdict}`)
      .sort()
      .join(),
    'frag.text-2 pass,mask.unmasked-text pass,ping.text pass',
  )
  const line = readFileSync(join(folder, 'matrix.md'), 'utf8').match(/^\| dwebsocket \|.*$/m)?.[0]
  const cell = (group: string): string => `[1/1](matrix.html#dwebsocket-${group})`
  assert.is(
    line,
    `| dwebsocket | – | – | ${cell('mask')} | – | – | – | ${cell('ping')} | ${cell('frag')} | – | – | – | – |`,
  )
  assert.match(readFileSync(join(folder, 'matrix.html'), 'utf8'), '<h1>WebSocket conformance: the evidence</h1>')
})
