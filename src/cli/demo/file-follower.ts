import type { Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { LineSplitter } from './line-splitter.ts'

/** Limits for reading a file, in bytes, which are independent of its size. Lines are limited in UTF-16 code units. */
const START_BYTES = 64 * 1024
const CHUNK_BYTES = 64 * 1024
const MAX_BYTES_BEHIND = 1024 * 1024
const MARK_BYTES = 64
const MAX_LINE_LENGTH = 4096

/** What happened to a file other than growing. `bytes` were skipped to catch up with its end. */
export type FileEvent =
  | { event: 'rotated' | 'truncated' | 'missing' | 'found' }
  | { event: 'unreadable'; reason: string }
  | { event: 'skipped'; bytes: number }

/** A line of the file, or what happened to the file between two lines. */
export type FileEntry = string | FileEvent

/**
 * Follows a growing file from its end, by its name: when the file is renamed and replaced by a new one, reads the old
 * one to its end and then the new one from its start; when it is truncated, reads it from its start again. Needs memory
 * for one chunk and one line, and reads only what is new, never the whole file.
 */
export class FileFollower {
  readonly #path: string
  readonly #splitter = new LineSplitter(MAX_LINE_LENGTH)
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #handle: FileHandle | null = null
  /** The state of the open file at the last look. */
  #stats: Stats | null = null
  #position = 0
  /** The bytes before the position. When the file has other bytes there, it was rewritten. */
  #mark = Buffer.alloc(0)
  #isFirstLook = true
  #trouble: string | null = null
  #readBytes = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Bytes of the file at the last look. */
  get size(): number {
    return this.#stats?.size ?? 0
  }

  /** Why the file cannot be read, such as `ENOENT`; `null` when it can. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** How many bytes of the content were read. */
  get readBytes(): number {
    return this.#readBytes
  }

  /** The incomplete last line. */
  get rest(): string {
    return this.#splitter.rest
  }

  /**
   * Looks at the file and returns what is new since the last look. The first look returns the lines at its end. Never
   * rejects because of the state of the file. One look must end before the next starts.
   */
  async look(): Promise<FileEntry[]> {
    const entries: FileEntry[] = []
    try {
      // Resolve the name before reading the open file, so that what was written before a rotation is not lost.
      const found = await this.#findFile(entries)
      await this.#readOn(entries)
      if (found === null) await this.#leaveDeleted(entries)
      else if (this.#isOther(found)) await this.#open(entries)
    } catch (error) {
      this.#reportTrouble(entries, error)
    }
    this.#isFirstLook = false
    return entries
  }

  /** Closes the file; the next look opens it again. */
  async close(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    this.#stats = null
    await handle?.close()
  }

  async #findFile(entries: FileEntry[]): Promise<Stats | null> {
    try {
      const found = await stat(this.#path)
      // Opening a pipe or a device may block indefinitely.
      if (!found.isFile()) throw new Error('not a regular file')
      if (this.#trouble !== null) entries.push({ event: 'found' })
      this.#trouble = null
      return found
    } catch (error) {
      this.#reportTrouble(entries, error)
      return null
    }
  }

  #reportTrouble(entries: FileEntry[], error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code ?? message
    if (reason === this.#trouble) return
    this.#trouble = reason
    entries.push(reason === 'ENOENT' ? { event: 'missing' } : { event: 'unreadable', reason })
  }

  /**
   * Returns whether the name refers to a file other than the open one. An empty file is ignored while the old one
   * exists: its writer has not switched yet.
   */
  #isOther(found: Stats): boolean {
    if (this.#stats === null || this.#handle === null) return true
    const isSame = found.ino === this.#stats.ino && found.dev === this.#stats.dev
    return !isSame && (found.size > 0 || this.#stats.nlink === 0)
  }

  /** A deleted file that stays open still occupies the disk. */
  async #leaveDeleted(entries: FileEntry[]): Promise<void> {
    if (this.#stats?.nlink !== 0) return
    this.#endLine(entries)
    await this.close()
  }

  async #open(entries: FileEntry[]): Promise<void> {
    const handle = await open(this.#path)
    const wasOpen = this.#handle !== null
    await this.close()
    this.#handle = handle
    if (wasOpen) this.#restart(entries, 'rotated')
    else this.#goToStart()
    if (this.#isFirstLook) await this.#enterAt((await handle.stat()).size - START_BYTES)
    await this.#readOn(entries)
  }

  async #readOn(entries: FileEntry[]): Promise<void> {
    if (this.#handle === null) return
    const stats = await this.#handle.stat()
    const { size, mtimeMs } = this.#stats ?? {}
    this.#stats = stats
    if (stats.size === size && stats.mtimeMs === mtimeMs) return
    if (await this.#isRewritten(stats.size)) this.#restart(entries, 'truncated')
    const behind = stats.size - this.#position
    if (behind > MAX_BYTES_BEHIND) {
      this.#endLine(entries)
      await this.#enterAt(stats.size - START_BYTES)
      entries.push({ event: 'skipped', bytes: behind - START_BYTES })
    }
    while (this.#position < stats.size) {
      const bytes = await this.#readAt(this.#position, Math.min(CHUNK_BYTES, stats.size - this.#position))
      if (bytes.length === 0) return
      this.#position += bytes.length
      this.#readBytes += bytes.length
      this.#mark = Buffer.concat([this.#mark, bytes.subarray(-MARK_BYTES)]).subarray(-MARK_BYTES)
      for (const line of this.#splitter.push(bytes)) entries.push(line)
    }
  }

  /** Continues at `position`, with the first line that starts there or later. */
  async #enterAt(position: number): Promise<void> {
    if (position <= 0) return
    this.#position = position
    this.#mark = Buffer.from(await this.#readAt(position - 1, 1))
    if (this.#mark[0] !== 0x0a) this.#splitter.skipLine()
  }

  async #isRewritten(size: number): Promise<boolean> {
    if (size < this.#position) return true
    const bytes = await this.#readAt(this.#position - this.#mark.length, this.#mark.length)
    return !bytes.equals(this.#mark)
  }

  #restart(entries: FileEntry[], event: 'rotated' | 'truncated'): void {
    this.#endLine(entries)
    entries.push({ event })
    this.#goToStart()
  }

  #goToStart(): void {
    this.#position = 0
    this.#mark = Buffer.alloc(0)
  }

  #endLine(entries: FileEntry[]): void {
    const line = this.#splitter.end()
    if (line !== null) entries.push(line)
  }

  /** Returns the bytes at `position`, which are valid until the next call. */
  async #readAt(position: number, length: number): Promise<Buffer> {
    const { bytesRead } = await (this.#handle as FileHandle).read(this.#chunk, 0, length, position)
    return this.#chunk.subarray(0, bytesRead)
  }
}
