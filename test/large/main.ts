import { parseArgs } from 'node:util'
import { faultsOf, type Job, type Report, runJob } from './run.ts'

const KINDS = ['up', 'down', 'frame', 'bomb'] as const
const HELP = `npm run large -- [up] [down] [frame] [bomb] [--size MIB] [--deflate]

Sends one message of MIB mebibytes (default 2048) as a stream, from one process to another: from a client (up), from a
server (down), from a client in a single frame, or as a thousandth of it that inflates to the whole, while the reader is
late. Prints the memory of both processes. When it grows by more than a stream may use, the exit code is 1.
`

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(2).padStart(8)} MiB`

function show(job: Job, side: string, { pinned, resident, seconds }: Report): void {
  const figures = `reachable +${mebibytes(pinned)}  resident +${mebibytes(resident)}  ${seconds.toFixed(1)} s`
  console.log(`${job.kind.padEnd(6)} ${side.padEnd(6)} ${figures}`)
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      size: { type: 'string', default: '2048' },
      deflate: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const unknown = positionals.find((name) => !KINDS.some((kind) => kind === name))
  if (values.help || unknown !== undefined) {
    process.stdout.write(HELP)
    return values.help ? 0 : 2
  }
  let faultCount = 0
  for (const kind of positionals.length === 0 ? KINDS : (positionals as Job['kind'][])) {
    const job: Job = { kind, size: Number(values.size) * 1024 * 1024, deflate: values.deflate || kind === 'bomb' }
    const result = await runJob(job)
    show(job, 'server', result.server)
    show(job, 'client', result.client)
    const faults = faultsOf(job, result)
    for (const fault of faults) console.error(`failed: large ${kind}: ${fault}`)
    faultCount += faults.length
  }
  return faultCount === 0 ? 0 : 1
}

process.exitCode = await main()
