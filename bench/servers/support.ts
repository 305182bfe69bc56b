import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** What a server does with a message: sends it back, says how long it was, or sends it to everybody. */
export type ServerMode = 'echo' | 'upload' | 'broadcast'

/** What the benchmark tells a server on its command line. */
export interface ServerSettings {
  mode: ServerMode
  /** The longest message that is taken, in bytes. */
  maxMessage: number
  /** permessage-deflate with the peer's own defaults. */
  deflate: boolean
  /** Bytes of one masked frame and the answer to it: for a server that does not parse. */
  frameBytes: number
  receipt: string
}

/** What a server process sends to the benchmark. */
export type ServerReport =
  | { type: 'listening'; port: number; version: string }
  | { type: 'usage'; cpuMicros: number; residentBytes: number }
  | { type: 'missing'; message: string }

export const HOST = '127.0.0.1'
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

/** Says that the server listens, and answers the benchmark from now on; without a benchmark prints the port. */
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
 * Loads the named peer from `bench/node_modules` or from where the command was started; it is no dependency of the
 * package, so its absence is an ordinary answer.
 */
// biome-ignore lint/suspicious/noExplicitAny: peers come without types, and their types are not what is measured
export function requirePeer(name: string): { peer: any; path: string; version: string } {
  const found = locatePeer(name)
  if (found) return found
  return reportMissing(name)
}

/** Says that a module is not installed, which leaves its peer out. */
export function reportMissing(name: string): never {
  const message = `${name} is not installed: run “npm ci --prefix bench”, or “npm install --no-save ${name}” here`
  if (process.send) {
    process.send({ type: 'missing', message } satisfies ServerReport)
    // The benchmark says it in its own words and ends this process; a stack on the terminal would say nothing more.
    process.once('uncaughtException', () => {})
  }
  throw new Error(message)
}

/** The named peer, or undefined when it is not installed. */
// biome-ignore lint/suspicious/noExplicitAny: peers come without types, and their types are not what is measured
export function findPeer(name: string): any {
  return locatePeer(name)?.peer
}

// biome-ignore lint/suspicious/noExplicitAny: peers come without types, and their types are not what is measured
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

/** The peers' own folder, beside the sources as well as beside the compiled package; then the folder of the caller. */
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
