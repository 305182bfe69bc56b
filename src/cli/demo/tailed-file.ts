import { setTimeout as sleep } from 'node:timers/promises'
import type { WebSocket } from '../../index.ts'
import { type FileEntry, FileFollower } from './file-follower.ts'

/**
 * Milliseconds between two checks of a file. A check costs one system call, regardless of how fast the file grows. It
 * also works where change notifications do not: on network file systems, in containers, and before the file exists.
 */
const LOOK_INTERVAL = 200

/** Maximum number of entries that a page receives when it opens, and after each check. */
const RECENT_COUNT = 200
const MAX_ENTRIES_AT_ONCE = 1000

/** How many bytes may be buffered for one page. Beyond that, entries are counted instead of sent. */
const MAX_PENDING_BYTES = 256 * 1024

/** What a page receives: an entry of the file, or the number of entries that were omitted. */
type TailEntry = FileEntry | { event: 'omitted' | 'missed'; count: number }

/** One file and the pages that follow it. The pages share one follower, which exists while there are pages. */
export class TailedFile {
  readonly #path: string
  /** What every page receives about the files in general. */
  readonly #about: object
  readonly #readers = new Set<Reader>()
  #follower: FileFollower | null = null
  #recent: TailEntry[] = []

  constructor(path: string, about: object) {
    this.#path = path
    this.#about = about
  }

  /** Sends a page the end of the file and what is added to it, until the page is closed. */
  async follow(session: WebSocket): Promise<void> {
    const reader = new Reader(session, () => this.#status)
    this.#readers.add(reader)
    reader.send(JSON.stringify({ ...this.#about, ...this.#status, recent: this.#recent }), 0)
    if (this.#follower === null) void this.#watch()
    else this.#sendAll([])
    try {
      for await (const _ of session);
    } finally {
      this.#readers.delete(reader)
      this.#sendAll([])
    }
  }

  get #status(): object {
    const { size, readBytes, rest, trouble } = this.#follower ?? { size: 0, readBytes: 0, rest: '', trouble: null }
    return { size, readBytes, rest, trouble, readers: this.#readers.size }
  }

  /** Checks the file until the last page is closed. A later page starts again at the end. */
  async #watch(): Promise<void> {
    const follower = new FileFollower(this.#path)
    this.#follower = follower
    let sizeBefore = -1
    while (this.#readers.size > 0) {
      const entries = limitEntries(await follower.look())
      this.#recent = [...this.#recent, ...entries].slice(-RECENT_COUNT)
      if (entries.length > 0 || follower.size !== sizeBefore) this.#sendAll(entries)
      sizeBefore = follower.size
      await sleep(LOOK_INTERVAL, undefined, { ref: false })
    }
    this.#follower = null
    this.#recent = []
    await follower.close()
  }

  #sendAll(entries: TailEntry[]): void {
    const text = JSON.stringify({ ...this.#status, entries })
    for (const reader of this.#readers) reader.send(text, entries.length)
  }
}

/** A page that may be slow. Entries above its buffer limit are counted instead of buffered. */
class Reader {
  readonly #session: WebSocket
  readonly #status: () => object
  #isBehind = false
  #missedCount = 0

  constructor(session: WebSocket, status: () => object) {
    this.#session = session
    this.#status = status
  }

  /** Sends a text that contains `count` entries. */
  send(text: string, count: number): void {
    if (this.#isBehind) {
      this.#missedCount += count
      return
    }
    this.#session.send(text)
    if (this.#session.connection.bufferedAmount <= MAX_PENDING_BYTES) return
    this.#isBehind = true
    void this.#session.connection.drained().then(() => this.#catchUp())
  }

  #catchUp(): void {
    const entries: TailEntry[] = this.#missedCount === 0 ? [] : [{ event: 'missed', count: this.#missedCount }]
    this.#isBehind = false
    this.#missedCount = 0
    this.send(JSON.stringify({ ...this.#status(), entries }), entries.length)
  }
}

/** Returns the newest of `entries`, after the number of those that were omitted. */
function limitEntries(entries: FileEntry[]): TailEntry[] {
  if (entries.length <= MAX_ENTRIES_AT_ONCE) return entries
  const newest = entries.slice(1 - MAX_ENTRIES_AT_ONCE)
  return [{ event: 'omitted', count: entries.length - newest.length }, ...newest]
}
