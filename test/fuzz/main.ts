import { inspect, parseArgs } from 'node:util'
import { deflateTarget } from './deflate-target.ts'
import { extensionTarget } from './extension-target.ts'
import { frameTarget } from './frame-target.ts'
import { type Finding, runCase, type Target } from './fuzz.ts'
import { handshakeTarget } from './handshake-target.ts'
import { startLiveTarget } from './live-target.ts'

const HELP = `npm run fuzz -- [--seconds N] [--frames N] [--seed S] [--only NAME]

Feeds random and damaged bytes to every parser and holds the outcome against slow oracles, for N seconds
(default 10) or until N frames were fed. Prints the seed; --seed with it repeats a run. A finding is
printed with its own seed and its smallest input, and the exit code is 1.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      frames: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const live = await startLiveTarget()
  const all = [frameTarget('server'), frameTarget('client'), handshakeTarget, extensionTarget, deflateTarget, live]
  const targets = all.filter(({ name }) => name.includes(values.only))
  const seed = Number(values.seed)
  const most = Number(values.frames ?? Number.POSITIVE_INFINITY)
  const seconds = Number(values.seconds ?? (values.frames === undefined ? 10 : Number.POSITIVE_INFINITY))
  console.log(`seed ${seed}`)
  try {
    return await run(targets, seed, seconds * 1000, most)
  } finally {
    await live.close?.()
  }
}

/** Each target has its turn of 100 ms, so that slow ones do not starve the others. */
async function run(targets: Target[], seed: number, milliseconds: number, mostFrames: number): Promise<number> {
  const counts = new Map(targets.map((target) => [target, { cases: 0, frames: 0 }]))
  const begin = performance.now()
  let frames = 0
  while (performance.now() - begin < milliseconds && frames < mostFrames) {
    for (const target of targets) {
      const count = counts.get(target)!
      const turn = performance.now()
      do {
        const result = await runCase(target, (seed + count.cases * 7919) >>> 0)
        if (typeof result !== 'number') {
          report(result)
          return 1
        }
        count.cases++
        count.frames += result
        frames += result
      } while (performance.now() - turn < 100)
    }
  }
  for (const [{ name }, count] of counts) console.log(`${name.padEnd(20)} ${count.cases} cases, ${count.frames} frames`)
  console.log(`${frames} frames in ${((performance.now() - begin) / 1000).toFixed(0)} s, nothing found`)
  return 0
}

function report({ target, seed, input, error }: Finding): void {
  console.error(`${target}: a difference, repeated by --seed ${seed} --only ${JSON.stringify(target)}`)
  console.error(`smallest input, ${input.length} bytes: ${input.toString('hex')}\n${inspect(input.toString('latin1'))}`)
  console.error(error instanceof Error ? error.stack : error)
}

main().then((code) => {
  process.exitCode = code
})
