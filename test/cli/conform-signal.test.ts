import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startUpgradedServer } from '../support/conformance-trial.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('cli/conform-signal', { timeLimit: 60_000 })
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a case that waits, and the report is written`, async (t) => {
    const url = await startUpgradedServer(
      t,
      () => {},
      () => void child.kill(signal),
    )
    const words = ['--import', 'tsx', 'src/cli/main.ts', 'conform', url, '-c', 'hs.ok.minimal']
    const child = spawn(process.execPath, [...words, '--echo', 'plain', '--timeout', '50'], { cwd: ROOT })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (bytes) => {
      output += bytes
    })
    const [code] = await once(child, 'close')
    assert.is(code, expected)
    assert.match(output, '1 skip')
  })
}
