import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { MAIN } from '../support/command.ts'
import { startUpgradedServer } from '../support/conformance-trial.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('cli/conform-signal', { timeLimit: 60_000 })

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
    const words = ['conform', url, '-c', 'hs.ok.minimal', '--echo', 'plain', '--timeout', '50']
    const child = spawn(process.execPath, [MAIN, ...words])
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
