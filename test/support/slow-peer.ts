import { Duplex } from 'node:stream'
import { endOfTick } from './tick.ts'

/** A stream whose peer reads nothing until `readAll`. */
export class SlowPeer extends Duplex {
  readonly written: Buffer[] = []
  writes = 0
  #done: (() => void) | null = null
  #isReading = false

  constructor(writableHighWaterMark = 1_000) {
    super({ writableHighWaterMark })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++
    this.written.push(chunk)
    if (this.#isReading) done()
    else this.#done = done
  }

  /** Reads everything from now on. */
  async readAll(): Promise<void> {
    this.#isReading = true
    this.#done?.()
    this.#done = null
    await endOfTick()
  }

  get bytes(): Buffer {
    return Buffer.concat(this.written)
  }
}
