import { deflateTarget } from '../fuzz/deflate-target.ts'
import { extensionTarget } from '../fuzz/extension-target.ts'
import { frameTarget } from '../fuzz/frame-target.ts'
import { type Finding, runCase, type Target } from '../fuzz/fuzz.ts'
import { handshakeTarget } from '../fuzz/handshake-target.ts'
import { startLiveTarget } from '../fuzz/live-target.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('security of the parsers', { timeLimit: 60_000 })

const targets = [frameTarget('server'), frameTarget('client'), handshakeTarget, extensionTarget, deflateTarget]

test('S-39: every parser does with a thousand damaged inputs what its oracle says', async (t) => {
  const live = await startLiveTarget()
  t.after(() => live.close?.())
  for (const target of [...targets, live]) {
    for (let seed = 1; seed <= (target === live ? 100 : 1_000); seed++) {
      const result = await runCase(target, seed)
      if (typeof result !== 'number')
        assert.unreachable(`${result.target}, seed ${seed}: ${result.input.toString('hex')}`)
    }
  }
})

test('the fuzzer finds a planted fault and shrinks it to the bytes that make it', async () => {
  const planted: Target = {
    name: 'planted',
    generate: (random) => Buffer.concat([random.bytes(50), Buffer.from('xy'), random.bytes(50)]),
    check(input) {
      if (input.includes('xy')) throw new Error('found')
      return 1
    },
  }
  const { input, seed, error } = (await runCase(planted, 7)) as Finding
  assert.equal([input.toString(), seed, String(error)], ['xy', 7, 'Error: found'])
})
