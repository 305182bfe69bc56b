import { inspect, parseArgs } from 'node:util'
import { deflateTarget } from './deflate-target.ts'
import { extensionTarget } from './extension-target.ts'
import { frameTarget } from './frame-target.ts'
import { handshakeTarget } from './handshake-target.ts'
import { inflateStreamTarget } from './inflate-stream-target.ts'
import { startLiveTarget } from './live-target.ts'
import { streamTarget } from './stream-target.ts'
import { type Finding, runCases, type Target } from './target.ts'

const HELP = `npm run fuzz -- [--seconds N] [--frames N] [--seed S] [--only NAME] [--path P]

Feeds generated and damaged input to every parser and compares the outcome with slow oracles, for N seconds
(default 10) or until N frames were fed. Prints the seed; --seed with it repeats a run. A finding is shrunk to
its smallest input and printed with the options that repeat it, and the exit code is 1.
`

/** Milliseconds for which a target runs before the next one, so that slow targets do not starve the others. */
const TURN = 100

/** The progress of a target. */
interface Progress {
  cases: number
  frames: number
  /** Cases per millisecond of its last turn. */
  rate: number
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string' },
      frames: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      only: { type: 'string', default: '' },
      path: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const live = await startLiveTarget()
  const all: Target[] = [
    frameTarget('server'),
    frameTarget('client'),
    streamTarget('server'),
    streamTarget('client'),
    handshakeTarget,
    extensionTarget,
    deflateTarget,
    inflateStreamTarget,
    live,
  ]
  const targets = all.filter(({ name }) => name.includes(values.only))
  if (targets.length === 0)
    throw new Error(`--only is ${values.only}; allowed: ${all.map(({ name }) => name).join(', ')}`)
  const seed = Number(values.seed)
  const most = Number(values.frames ?? Number.POSITIVE_INFINITY)
  const seconds = Number(values.seconds ?? (values.frames === undefined ? 10 : Number.POSITIVE_INFINITY))
  console.log(`seed ${seed}`)
  try {
    return values.path === undefined
      ? await run(targets, seed, seconds * 1000, most)
      : await repeat(targets[0], seed, values.path)
  } finally {
    await live.close?.()
  }
}

/** Runs the single case of a finding. */
async function repeat(target: Target, seed: number, path: string): Promise<number> {
  const result = await runCases(target, seed, 1, path)
  if (typeof result !== 'number') report(result)
  return typeof result === 'number' ? 0 : 1
}

async function run(targets: Target[], seed: number, milliseconds: number, mostFrames: number): Promise<number> {
  const progress = new Map<Target, Progress>(targets.map((target) => [target, { cases: 0, frames: 0, rate: 0.1 }]))
  const begin = performance.now()
  let frames = 0
  while (performance.now() - begin < milliseconds && frames < mostFrames) {
    for (const [target, own] of progress) {
      const turn = performance.now()
      const count = Math.ceil(own.rate * TURN)
      const result = await runCases(target, (seed + own.cases) | 0, count)
      if (typeof result !== 'number') {
        report(result)
        return 1
      }
      own.cases += count
      own.frames += result
      own.rate = Math.min(2 * own.rate, count / (performance.now() - turn))
      frames += result
    }
  }
  for (const [{ name }, { cases, frames }] of progress) {
    console.log(`${name.padEnd(20)} ${cases} cases, ${frames} frames`)
  }
  console.log(`${frames} frames in ${((performance.now() - begin) / 1000).toFixed(0)} s, nothing found`)
  return 0
}

function report({ target, seed, path, input, error }: Finding): void {
  const options = `--seed ${seed} --path ${JSON.stringify(path)} --only ${JSON.stringify(target)}`
  console.error(`${target}: a difference, repeated by ${options}`)
  console.error(`smallest input: ${inspect(input, { depth: 4, maxArrayLength: 2_000 })}`)
  for (const bytes of buffersOf(input)) console.error(`${bytes.length} bytes: ${bytes.toString('hex')}`)
  console.error(error instanceof Error ? error.stack : error)
}

/** Returns the buffers of an input in full, because `inspect` truncates them. */
function buffersOf(input: unknown): Buffer[] {
  if (Buffer.isBuffer(input)) return [input]
  return typeof input === 'object' && input !== null ? Object.values(input).flatMap(buffersOf) : []
}

main().then((code) => {
  process.exitCode = code
})
