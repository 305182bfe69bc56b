import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundleProgram } from '../support/bundle.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate bomb', { timeLimit: 60_000 })
const child = fileURLToPath(new URL('./bomb-child.ts', import.meta.url))
const mib = 1024 * 1024

for (const limit of [64 * 1024, mib, 16 * mib]) {
  test(`300 MB in 300 KB stop at a limit of ${limit} bytes, with 1009 and less than 0.5 MiB of memory beside it`, async () => {
    const args = ['--expose-gc', await bundleProgram(child), `${limit}`]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const { outcome, bomb, growth } = JSON.parse(stdout)
    assert.ok(bomb < 320_000)
    assert.is(outcome, 1009)
    assert.ok(growth > limit / mib / 2 && growth < limit / mib + 0.5, `${growth.toFixed(2)} MiB`)
  })
}
