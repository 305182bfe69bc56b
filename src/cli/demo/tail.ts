import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accept_websocket, type View, type WebSocket } from '../../index.ts'
import { type FileEntry, FileFollower } from './file-follower.ts'

/**
 * Milliseconds between two looks at a file. Looking costs one question to the system however fast the file grows, and
 * works where change notices do not: over a network, in a container, for a file that is not there yet.
 */
const LOOK_INTERVAL = 200

/** Entries that a page gets when it opens, and at most after one look. */
const RECENT_COUNT = 200
const MAX_ENTRIES_AT_ONCE = 1000

/** Bytes that may wait for one page; above that it is passed over, and told how many lines it missed. */
const MAX_OWED_BYTES = 256 * 1024

/** A page has nothing to say to these views but that it lives. */
const LISTENERS = { heartbeat: true, maxMessageSize: 125 }

/** What a page is told: an entry of the file, or how many it is not told of. */
type TailEntry = FileEntry | { event: 'omitted' | 'missed'; count: number }

/** The views of the files that the operator named: `/tail` and `/tail/1` for the first, `/tail/2` for the next. */
export function tailUrls(page: View, paths: readonly string[]): Record<string, View> {
  const names = paths.map((path) => basename(path))
  const views = paths.map((path, index) => tail(page, new TailedFile(path, { number: index + 1, files: names })))
  return {
    '/tail': views[0] ?? noTail(page),
    ...Object.fromEntries(views.map((view, index) => [`/tail/${index + 1}`, view])),
  }
}

/** A page that follows a file until it is closed. */
function tail(page: View, file: TailedFile): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    await file.follow(request.websocket)
  }, LISTENERS)
}

/** Without a file the page only learns that there is none. */
function noTail(page: View): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    await request.websocket.send(JSON.stringify({ files: [] }))
    await request.websocket.wait()
  }, LISTENERS)
}

/** One file and the pages that follow it: they share one follower, which is there while there are pages. */
export class TailedFile {
  readonly #path: string
  /** What every page is told about the files there are. */
  readonly #about: object
  readonly #readers = new Set<Reader>()
  #follower: FileFollower | null = null
  #recent: TailEntry[] = []

  constructor(path: string, about: object) {
    this.#path = path
    this.#about = about
  }

  /** Sends a page what stands at the end of the file and what is added, until the page is closed. */
  async follow(session: WebSocket): Promise<void> {
    const reader = new Reader(session, () => this.#status)
    this.#readers.add(reader)
    reader.tell(JSON.stringify({ ...this.#about, ...this.#status, recent: this.#recent }), 0)
    if (this.#follower === null) void this.#watch()
    else this.#tell([])
    try {
      for await (const _ of session);
    } finally {
      this.#readers.delete(reader)
      this.#tell([])
    }
  }

  get #status(): object {
    const { size, readBytes, rest, trouble } = this.#follower ?? { size: 0, readBytes: 0, rest: '', trouble: null }
    return { size, readBytes, rest, trouble, readers: this.#readers.size }
  }

  /** Looks at the file until the last page has gone; whoever comes then begins anew at the end. */
  async #watch(): Promise<void> {
    const follower = new FileFollower(this.#path)
    this.#follower = follower
    let sizeBefore = -1
    while (this.#readers.size > 0) {
      const entries = limitEntries(await follower.look())
      this.#recent = [...this.#recent, ...entries].slice(-RECENT_COUNT)
      if (entries.length > 0 || follower.size !== sizeBefore) this.#tell(entries)
      sizeBefore = follower.size
      await sleep(LOOK_INTERVAL, undefined, { ref: false })
    }
    this.#follower = null
    this.#recent = []
    await follower.close()
  }

  #tell(entries: TailEntry[]): void {
    const text = JSON.stringify({ ...this.#status, entries })
    for (const reader of this.#readers) reader.tell(text, entries.length)
  }
}

/** A page that may be slow: what would be too much for it is counted instead of kept. */
class Reader {
  readonly #session: WebSocket
  readonly #status: () => object
  #isBehind = false
  #missedCount = 0

  constructor(session: WebSocket, status: () => object) {
    this.#session = session
    this.#status = status
  }

  /** Sends a text that tells of `count` entries. */
  tell(text: string, count: number): void {
    if (this.#isBehind) {
      this.#missedCount += count
      return
    }
    this.#session.send(text)
    if (this.#session.connection.bufferedAmount <= MAX_OWED_BYTES) return
    this.#isBehind = true
    void this.#session.connection.drained().then(() => this.#catchUp())
  }

  #catchUp(): void {
    const entries: TailEntry[] = this.#missedCount === 0 ? [] : [{ event: 'missed', count: this.#missedCount }]
    this.#isBehind = false
    this.#missedCount = 0
    this.tell(JSON.stringify({ ...this.#status(), entries }), entries.length)
  }
}

/** The newest of `entries`, headed by how many were left out. */
function limitEntries(entries: FileEntry[]): TailEntry[] {
  if (entries.length <= MAX_ENTRIES_AT_ONCE) return entries
  const newest = entries.slice(1 - MAX_ENTRIES_AT_ONCE)
  return [{ event: 'omitted', count: entries.length - newest.length }, ...newest]
}
