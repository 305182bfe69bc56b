import { type CreateServerOptions, defaultLimits, type RateLimit } from '../index.ts'
import { optionMessage } from '../options/read-options.ts'
import { UsageError } from './usage.ts'

/** Returns undefined for a text that is not a value of the limit. */
type Parser = (text: string) => unknown

const parseNumber: Parser = (text) => (/^(\d+(\.\d+)?(e\d+)?|Infinity)$/.test(text) ? Number(text) : undefined)

const parseText: Parser = (text) => text

/** Parses a rate: `1000` per second, `1000:5000` with a burst, or `off` for no limit. */
const parseRate: Parser = (text): RateLimit | null | undefined => {
  if (text === 'off') return null
  const numbers = text.split(':').map(parseNumber) as (number | undefined)[]
  const [perSecond, burst] = numbers
  if (numbers.length > 2 || numbers.includes(undefined)) return undefined
  return burst === undefined ? { perSecond: perSecond! } : { perSecond: perSecond!, burst }
}

const serverParsers: Readonly<Record<string, Parser>> = {
  maxMemory: parseNumber,
  maxConnections: parseNumber,
  maxConnectionsPerAddress: parseNumber,
  handshakeTimeout: parseNumber,
  queueHighCount: parseNumber,
  queueLowCount: parseNumber,
  queueHighBytes: parseNumber,
  queueLowBytes: parseNumber,
  trustedProxies: (text) => text.split(','),
}

const parsers: ReadonlyMap<string, Parser> = new Map([
  ...Object.entries(defaultLimits).map(([name, value]): [string, Parser] => {
    if (name.endsWith('Rate') && typeof value !== 'number') return [name, parseRate]
    return [name, typeof value === 'string' ? parseText : parseNumber]
  }),
  ...Object.entries(serverParsers),
])

/** The option `--limit` of the commands that run a server. */
export const limitOption = { limit: { type: 'string', multiple: true, default: [] as string[] } } as const

/** The lines of the help about `--limit`. */
export const LIMIT_HELP = `  --limit NAME=VALUE   sets a limit of the server; repeatable. VALUE is a number (bytes or
                       milliseconds), Infinity, a keyword, or a rate: PER_SECOND, PER_SECOND:BURST or off.
                       Examples:
                       --limit headerTimeout=2000 --limit pingRate=10:50 --limit overflow=drop
`

/**
 * Reads `NAME=VALUE` texts into options of a server, which checks the values.
 *
 * @throws {UsageError} when a name is unknown, or its value cannot be read.
 */
export function readLimitOptions(texts: readonly string[]): CreateServerOptions {
  const options: Record<string, unknown> = {}
  for (const text of texts) {
    const [, name, value] = /^([^=]*)(?:=(.*))?$/s.exec(text)!
    const parse = parsers.get(name)
    if (parse === undefined)
      throw new UsageError(optionMessage('--limit', text, `one of ${[...parsers.keys()].join(', ')}`))
    const parsed = value === undefined ? undefined : parse(value)
    if (parsed === undefined) throw new UsageError(optionMessage('--limit', text, 'NAME=VALUE'))
    options[name] = parsed
  }
  return options
}
