import { inspect } from 'node:util'
import fc from 'fast-check'
import { deflateTarget } from '../fuzz/deflate-target.ts'
import { extensionTarget } from '../fuzz/extension-target.ts'
import { frameTarget } from '../fuzz/frame-target.ts'
import { handshakeTarget } from '../fuzz/handshake-target.ts'
import { inflateStreamTarget } from '../fuzz/inflate-stream-target.ts'
import { startLiveTarget } from '../fuzz/live-target.ts'
import { streamTarget } from '../fuzz/stream-target.ts'
import { type Finding, runCases, type Target } from '../fuzz/target.ts'
import { bytes } from '../support/arbitrary.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('security of the parsers', { timeLimit: 60_000 })

const targets: Target[] = [
  frameTarget('server'),
  frameTarget('client'),
  streamTarget('server'),
  streamTarget('client'),
  handshakeTarget,
  extensionTarget,
  deflateTarget,
  inflateStreamTarget,
]

test('S-39: every parser agrees with its oracle on a thousand damaged inputs', async (t) => {
  const live: Target = await startLiveTarget()
  t.after(() => live.close?.())
  for (const target of [...targets, live]) {
    const result = await runCases(target, 1, target === live ? 100 : 1_000)
    if (typeof result !== 'number') assert.unreachable(inspect(result, { depth: 4, maxArrayLength: 1_000 }))
  }
})

test('the fuzzer finds a planted fault and shrinks it to the bytes that cause it', async () => {
  const planted: Target<Buffer> = {
    name: 'planted',
    inputs: fc.tuple(bytes(50), fc.constant(Buffer.from('xy')), bytes(50)).map((parts) => Buffer.concat(parts)),
    check(input) {
      if (input.includes('xy')) throw new Error('found')
      return 1
    },
  }
  const finding = (await runCases(planted, 7, 100)) as Finding
  assert.equal([String(finding.input), finding.target, String(finding.error)], ['xy', 'planted', 'Error: found'])
  assert.equal(await runCases(planted, finding.seed, 1, finding.path), finding)
})
