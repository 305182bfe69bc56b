import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bundleProgram } from '../support/bundle.ts'
import { assert, suite } from '../support/unit.ts'
import { runStress } from './stress.ts'

const test = suite('stress')

const child = fileURLToPath(new URL('stress-child.ts', import.meta.url))

for (const deflate of [false, true]) {
  const how = deflate ? ', compressed and not' : ''
  test(`echoes random messages of 50 connections byte by byte${how}`, async () => {
    assert.ok((await runStress({ connectionCount: 50, duration: 300, deflate, seed: 1 })) > 100)
  })

  test(`does so without the fast paths${how}`, async () => {
    const env = { ...process.env, DWEBSOCKET_PORTABLE: '1' }
    const argv = [await bundleProgram(child), '50', '300', '2', deflate ? '1' : '0']
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env })
    assert.ok(Number(stdout) > 100)
  })
}
