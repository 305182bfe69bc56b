import { explain, list, listRequirements } from './conform/catalogue.ts'
import { testClients } from './conform/client.ts'
import { CLIENT_HELP, HELP } from './conform/help.ts'
import { type ConformOptions, parseOptions } from './conform/option.ts'
import { diff, matrix, report } from './conform/result-file.ts'
import { testServers } from './conform/server.ts'
import { readVersion } from './conform/shared.ts'
import { printSnippet } from './conform/snippet.ts'
import { UsageError } from './usage.ts'

type Command = (options: ConformOptions) => number | Promise<number>
type Tool = (args: string[]) => number | Promise<number>

/** Commands after `conform` that accept the options of a run. */
const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['server', testServers],
  ['client', testClients],
  ['list', list],
  ['explain', explain],
  ['requirements', listRequirements],
  ['report', report],
  ['diff', diff],
  ['matrix', matrix],
])

/** Commands after `conform` that parse their arguments themselves. */
const tools: ReadonlyMap<string, Tool> = new Map<string, Tool>([
  ['serve-echo', serveEcho],
  ['snippet', printSnippet],
])

/** The command `dwebsocket conform`: tests servers and clients; resolves to the exit code. */
export async function conform(args: string[]): Promise<number> {
  const [name, ...rest] = args
  const tool = tools.get(name)
  if (tool !== undefined) return tool(rest)
  const command = commands.get(name)
  const options = parseOptions(command === undefined ? args : rest)
  if (options.help) {
    process.stdout.write(name === 'client' ? CLIENT_HELP : HELP)
    return 0
  }
  if (options.version) {
    process.stdout.write(`dwebsocket conform ${readVersion()}\n`)
    return 0
  }
  return (command ?? testServers)(options)
}

/** `conform serve-echo [ws://HOST:PORT]`: an echo server with which to try the tester. */
async function serveEcho([url, ...more]: string[]): Promise<number> {
  // Only this command needs the modules of the server.
  const { echo } = await import('./echo.ts')
  if (url === undefined || url.startsWith('-')) return echo(url === undefined ? more : [url, ...more])
  let place: URL
  try {
    place = new URL(url)
  } catch {
    throw new UsageError(`address is '${url}'; allowed: ws://HOST:PORT`)
  }
  return echo(['--host', place.hostname.replace(/^\[|\]$/g, ''), '--port', place.port || '9001', ...more])
}
