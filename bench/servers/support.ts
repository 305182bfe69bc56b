import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** The task of a server: echo messages, reply with their length, send them to all connections, or send pings. */
export type ServerMode = 'echo' | 'upload' | 'broadcast' | 'keepalive'

/** The command line of a server. */
export interface ServerSettings {
  mode: ServerMode
  /** The longest message that is accepted, in bytes. */
  maxMessage: number
  /** Whether permessage-deflate is enabled, with the defaults of the server. */
  deflate: boolean
  /** The size of one masked frame, and the reply to it, for a server that does not parse frames. */
  frameBytes: number
  receipt: string
}

/** What a server process sends to the benchmark. */
export type ServerReport =
  | { type: 'listening'; port: number; version: string }
  | { type: 'usage'; cpuMicros: number; residentBytes: number }
  | { type: 'missing'; message: string }

export const HOST = '127.0.0.1'

/** Milliseconds between two keepalive pings of a connection, in the mode `keepalive`. */
export const PING_INTERVAL = 1000

/** Reads the command line of this server process. */
export function readSettings(): ServerSettings {
  const { values } = parseArgs({
    options: {
      mode: { type: 'string', default: 'echo' },
      deflate: { type: 'boolean', default: false },
      'max-message': { type: 'string', default: String(1024 * 1024) },
      'frame-bytes': { type: 'string', default: '0' },
      receipt: { type: 'string', default: '' },
    },
  })
  return {
    mode: values.mode as ServerMode,
    deflate: values.deflate,
    maxMessage: Number(values['max-message']),
    frameBytes: Number(values['frame-bytes']),
    receipt: values.receipt,
  }
}

/** Reports that the server listens, and replies to messages from the benchmark. Prints the port when run by hand. */
export function announce(port: number, version: string): void {
  const send = (report: ServerReport): void => {
    process.send?.(report)
  }
  if (!process.send) console.log(`listening on ${HOST}:${port}`)
  send({ type: 'listening', port, version })
  process.on('message', (question: string) => {
    if (question === 'collect') for (let i = 0; i < 4; i++) globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    send({ type: 'usage', cpuMicros: user + system, residentBytes: process.memoryUsage.rss() })
  })
  process.on('disconnect', () => process.exit())
}

/**
 * Loads the named package from `bench/node_modules` or from the current folder. It is not a dependency and may be
 * missing. In that case, the benchmark is notified and the process ends.
 */
// biome-ignore lint/suspicious/noExplicitAny: the packages have no types or are loaded by name
export function requirePeer(name: string): { peer: any; path: string; version: string } {
  const found = locatePeer(name)
  if (found) return found
  return reportMissingPackage(name)
}

/** Reports that a package is missing; the benchmark then leaves this server out. */
export function reportMissingPackage(name: string): never {
  return reportMissing(`${name} is not installed: run “npm ci --prefix bench”, or “npm install --no-save ${name}” here`)
}

/** Reports why this server cannot run here. The benchmark then excludes it. */
export function reportMissing(message: string): never {
  if (process.send) {
    process.send({ type: 'missing', message } satisfies ServerReport)
    // The benchmark prints the message and ends this process; a stack trace would add nothing.
    process.once('uncaughtException', () => {})
  }
  throw new Error(message)
}

/** Returns the named package, or undefined when it is not installed. */
// biome-ignore lint/suspicious/noExplicitAny: the packages have no types or are loaded by name
export function findPeer(name: string): any {
  return locatePeer(name)?.peer
}

// biome-ignore lint/suspicious/noExplicitAny: the packages have no types or are loaded by name
function locatePeer(name: string): { peer: any; path: string; version: string } | undefined {
  for (const folder of peerFolders()) {
    const require = createRequire(join(folder, 'package.json'))
    try {
      const peer = require(name)
      const path = require.resolve(name)
      return { peer, path, version: versionOf(path) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return undefined
}

/**
 * Returns the folders that are searched: that of the benchmark, from the sources or from `dist`, then the current
 * folder.
 */
function peerFolders(): string[] {
  const toBench = import.meta.url.endsWith('.ts') ? '..' : '../../../bench'
  return [join(dirname(fileURLToPath(import.meta.url)), toBench), process.cwd()]
}

function versionOf(entry: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (!existsSync(file)) continue
    const { version } = createRequire(file)(file) as { version?: string }
    if (version) return version
  }
  return ''
}
