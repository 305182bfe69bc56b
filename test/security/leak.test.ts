import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundleProgram } from '../support/bundle.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('security: what is left', { timeLimit: 120_000 })
const child = fileURLToPath(new URL('./leak-child.ts', import.meta.url))

test('S-57: 10,000 connections leave no handles, timers or memory in use', async () => {
  const args = ['--expose-gc', await bundleProgram(child), '10000']
  // Coverage itself needs memory.
  const env = { ...process.env, NODE_V8_COVERAGE: undefined }
  const { stdout } = await promisify(execFile)(process.execPath, args, { env })
  const { growth, timers, handles, listeners } = JSON.parse(stdout)
  assert.equal({ timers, handles, listeners }, { timers: 0, handles: [], listeners: 0 })
  // This is the growth of half the connections. 100 bytes for each of them would be 500 KB.
  assert.ok(growth < 250_000, `${growth}`)
})
