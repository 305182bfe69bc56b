#!/usr/bin/env node
import { isUsageError, UsageError } from './usage.ts'
import { readVersion } from './version.ts'

const HELP = `dwebsocket <command> [options]

  serve     starts the demo site                           (dwebsocket serve --help)
  echo      starts an echo server for tests and benchmarks (dwebsocket echo --help)
  conform   tests WebSocket servers and clients            (dwebsocket conform --help)
  bench     measures WebSocket servers                     (dwebsocket bench --help)

  --help, --version
`

/** Each command gets its arguments and resolves to the exit code; its modules are loaded for it alone. */
const commands: ReadonlyMap<string, (args: string[]) => Promise<number>> = new Map([
  ['serve', async (args: string[]) => (await import('./serve.ts')).serve(args)],
  ['echo', async (args: string[]) => (await import('./echo.ts')).echo(args)],
  ['conform', async (args: string[]) => (await import('./conform.ts')).conform(args)],
  ['bench', async (args: string[]) => (await import('./bench.ts')).bench(args)],
])

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(HELP)
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    process.stdout.write(`${readVersion()}\n`)
    return 0
  }
  const command = commands.get(name)
  if (command === undefined) {
    throw new UsageError(`unknown command ${JSON.stringify(name)}; commands: ${[...commands.keys()].join(', ')}`)
  }
  return command(args)
}

// EPIPE means that the reader of the output has ended, as in `| head`; that is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode
  },
  (error) => {
    const isUsage = isUsageError(error)
    process.stderr.write(isUsage ? `dwebsocket: ${error.message}\n` : `dwebsocket: ${error?.stack ?? error}\n`)
    process.exitCode = isUsage ? 2 : 4
  },
)
