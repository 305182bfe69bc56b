import { createHash } from 'node:crypto'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The size of the pieces that are read from the disk, in bytes. */
const PIECE = 256 * 1024

/** The disk space that the uploads of one process may occupy together, in bytes. */
export class DiskSpace {
  #free: number

  constructor(bytes: number) {
    this.#free = bytes
  }

  /** Reserves this number of bytes. Returns false when there is no room for them. */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false
    this.#free -= bytes
    return true
  }

  release(bytes: number): void {
    this.#free += bytes
  }
}

/**
 * A file of any size that a page uploads. It is hashed while it arrives and stored as long as there is disk space, in a
 * file without a name, which is deleted when the process ends.
 */
export class UploadedFile {
  readonly #disk: DiskSpace
  #handle: FileHandle | null = null
  #storedBytes = 0
  /** Bytes received so far. */
  size = 0
  /** SHA-256 in hex, after the whole file was received. */
  digest = ''

  constructor(disk: DiskSpace) {
    this.#disk = disk
  }

  /** Whether everything that was received is on the disk. */
  get isStored(): boolean {
    return this.#handle !== null && this.#storedBytes === this.size
  }

  /** Receives a file, which replaces the previous one. Calls `onPart` after each part. */
  async receive(parts: AsyncIterable<Uint8Array>, onPart: () => void): Promise<void> {
    await this.remove()
    this.#handle = await openNameless()
    const hash = createHash('sha256')
    for await (const part of parts) {
      hash.update(part)
      await this.#store(part)
      this.size += part.length
      onPart()
    }
    this.digest = hash.digest('hex')
  }

  /** Reads the stored bytes from an offset on. */
  async *read(from: number): AsyncGenerator<Buffer> {
    for (let at = from; this.#handle !== null && at < this.size; ) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, at)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  async remove(): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    this.#disk.release(this.#storedBytes)
    this.#storedBytes = 0
    this.size = 0
    await handle?.close()
  }

  /** Stores a part. If there is no room for it, deletes what was stored of the file. */
  async #store(part: Uint8Array): Promise<void> {
    if (this.#handle === null) return
    if (!this.#disk.take(part.length)) {
      const { size } = this
      await this.remove()
      this.size = size
      return
    }
    this.#storedBytes += part.length
    for (let at = 0; at < part.length; ) at += (await this.#handle.write(part, at)).bytesWritten
  }
}

async function openNameless(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'dwebsocket-'))
  const handle = await open(join(folder, 'upload'), 'w+')
  await rm(folder, { recursive: true })
  return handle
}
