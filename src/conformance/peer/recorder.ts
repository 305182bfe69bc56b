import type { Duplex } from 'node:stream'
import type { RecordedEvent } from '../result.ts'
import type { Target } from './target.ts'
import type { Transport } from './transport.ts'

/** Records all bytes on the connections that are opened through its target. */
export class Recorder {
  /** Connects like the given target, and records the bytes. */
  readonly target: Target
  #events: RecordedEvent[] = []
  #connections = 0
  #last = performance.now()

  constructor(target: Target) {
    this.target = {
      ...target,
      connect: async (timeout) => this.#record(await target.connect(timeout)),
      connectPlain: async (timeout) => this.#record(await target.connectPlain(timeout)),
    }
  }

  /** The events since the last `clear()`, in order. */
  get events(): readonly RecordedEvent[] {
    return this.#events
  }

  /** Discards the events and stops recording the open connections. */
  clear(): void {
    this.#events = []
    this.#connections = 0
    this.#last = performance.now()
  }

  #record(transport: Transport): Transport {
    const { stream } = transport
    const events = this.#events
    const connection = this.#connections++
    const add = (kind: RecordedEvent['kind'], bytes: Buffer = Buffer.alloc(0)): void => {
      const now = performance.now()
      events.push({ connection, kind, after: now - this.#last, bytes })
      this.#last = now
    }
    add('open')
    recordWrites(stream, (bytes) => add('sent', bytes))
    stream.prependListener('finish', () => add('fin-sent'))
    stream.prependListener('end', () => add('fin-received'))
    stream.prependListener('data', (bytes: Buffer) => add('received', Buffer.from(bytes)))
    const reset = (): void => {
      add('reset')
      transport.reset()
    }
    return { ...transport, reset }
  }
}

/** Streams do not emit an event for a write. */
function recordWrites(stream: Duplex, onWrite: (bytes: Buffer) => void): void {
  const write = stream.write
  stream.write = ((...args: Parameters<Duplex['write']>) => {
    onWrite(Buffer.from(args[0] as Uint8Array))
    return write.apply(stream, args)
  }) as Duplex['write']
}
