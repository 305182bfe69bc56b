import { type CreateServerOptions, defaultLimits, type RateLimit } from '../index.ts'
import { UsageError } from './usage.ts'

type Reader = (text: string) => unknown

const readNumber: Reader = (text) => {
  const value = Number(text)
  return text.trim() === '' || Number.isNaN(value) ? undefined : value
}

const readWord: Reader = (text) => text

/** `1000` or `1000:5000`: a second, and at once; `off` for none. */
const readRate: Reader = (text): RateLimit | null | undefined => {
  if (text === 'off') return null
  const numbers = text.split(':').map(readNumber) as (number | undefined)[]
  const [perSecond, burst] = numbers
  if (numbers.length > 2 || numbers.includes(undefined)) return undefined
  return burst === undefined ? { perSecond: perSecond! } : { perSecond: perSecond!, burst }
}

const ofServer: Readonly<Record<string, Reader>> = {
  maxMemory: readNumber,
  maxConnections: readNumber,
  maxConnectionsPerAddress: readNumber,
  handshakeTimeout: readNumber,
  queueHighCount: readNumber,
  queueLowCount: readNumber,
  queueHighBytes: readNumber,
  queueLowBytes: readNumber,
  trustedProxies: (text) => text.split(','),
}

/** How the value of each limit is read from a command line. */
const readers: ReadonlyMap<string, Reader> = new Map([
  ...Object.entries(defaultLimits).map(([name, value]): [string, Reader] => {
    if (name.endsWith('Rate') && typeof value !== 'number') return [name, readRate]
    return [name, typeof value === 'string' ? readWord : readNumber]
  }),
  ...Object.entries(ofServer),
])

/** The option of the commands that take limits. */
export const limitOption = { limit: { type: 'string', multiple: true, default: [] as string[] } } as const

/** The lines of the help about it. */
export const LIMIT_HELP = `  --limit NAME=VALUE   changes a limit of the server; may be repeated. Bytes, milliseconds,
                       Infinity, a rate as PER_SECOND[:BURST] or off, for example:
                       --limit headerTimeout=2000 --limit pingRate=10:50 --limit overflow=drop
`

/** Reads `name=value` words into options. Throws a UsageError for what is no limit or no value of it. */
export function readLimitOptions(words: readonly string[]): CreateServerOptions {
  const options: Record<string, unknown> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    const name = at === -1 ? word : word.slice(0, at)
    const read = readers.get(name)
    if (read === undefined) throw new UsageError(`--limit ${word}: limits are ${[...readers.keys()].join(', ')}`)
    const value = at === -1 ? undefined : read(word.slice(at + 1))
    if (value === undefined) throw new UsageError(`--limit ${word}: NAME=VALUE is allowed`)
    options[name] = value
  }
  return options
}
