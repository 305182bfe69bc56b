import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { pollRunning, runDelayOf } from '../../../src/conformance/run/run-delay.ts'
import { poll } from '../../../src/conformance/wire/index.ts'
import { proc, testWith } from '../../support/need.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/run/run-delay')
const TIMEOUT = 100

/** Returns the milliseconds after which a check that is never true ends. */
async function durationWith(runDelay: () => number): Promise<number> {
  const began = performance.now()
  assert.is(await pollRunning(async () => false, TIMEOUT, runDelay), false)
  return performance.now() - began
}

test('a process that gets a processor has the usual time', async () => {
  let calls = 0
  await durationWith(() => {
    calls++
    return 5000
  })
  assert.is(calls, 2, 'before and after one wait')
})

test('the time for which a process waits for a processor does not count, up to a limit', async () => {
  const began = performance.now()
  assert.ok((await durationWith(() => Math.min(3 * TIMEOUT, performance.now() - began))) >= 4 * TIMEOUT - 50)
  assert.ok((await durationWith(() => 1e6 * performance.now())) >= 8 * TIMEOUT - 50)
})

test('a check that succeeds ends the wait', async () => {
  let left = 8
  assert.is(
    await pollRunning(
      async () => --left === 0,
      TIMEOUT,
      () => performance.now(),
    ),
    true,
  )
})

testWith(test, proc)('reads how long the threads of a process group wait for a processor', async (t) => {
  const loop = 'process.stdout.write("."); for (;;);'
  const count = availableParallelism() + 1
  const command = Array.from({ length: count }, () => `${process.execPath} -e '${loop}' &`).join(' ')
  const shell = spawn(`${command} wait`, { shell: true, detached: true, stdio: 'ignore' })
  const group = shell.pid as number
  t.after(() => process.kill(-group, 'SIGKILL'))
  assert.ok(await poll(async () => runDelayOf(group) > 100, 30_000))
  assert.is(runDelayOf(2 ** 22 + 1), 0)
})
