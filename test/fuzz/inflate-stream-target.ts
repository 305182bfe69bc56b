import fc from 'fast-check'
import type { ProtocolError } from '../../src/core/errors.ts'
import type { InflateSink, MessageInflater } from '../../src/core/message-codec.ts'
import type { DeflateCodec } from '../../src/deflate/codec.ts'
import { makeCodec } from '../deflate/message.ts'
import { chunking, cut, cycle } from '../support/arbitrary.ts'
import { assert } from '../support/unit.ts'
import { deflateInputs, slowMessage, zlibReads } from './deflate-target.ts'
import type { Target } from './target.ts'

/** Bytes that a message may inflate to before the test stops reading it. */
const MOST = 1_000_000

/** Reads one message piece by piece, and pauses after parts where the input requires it. */
class Reader implements InflateSink {
  readonly #parts: Buffer[] = []
  readonly #inflater: MessageInflater
  readonly #pauses: () => boolean
  #resolve: (error: ProtocolError | null) => void = () => {}
  #length = 0
  #isPaused = false

  constructor(codec: DeflateCodec, pauses: () => boolean) {
    this.#pauses = pauses
    this.#inflater = codec.inflateStream(this)
  }

  /** Resolves to the message or to its violation; null when the message is longer than the test reads. */
  async read(pieces: readonly Buffer[]): Promise<Buffer | ProtocolError | null> {
    try {
      for (const [index, piece] of pieces.entries()) {
        const error = await this.#push(piece, index === pieces.length - 1)
        if (error !== null) return error
        if (this.#length > MOST) return null
      }
      return Buffer.concat(this.#parts)
    } finally {
      this.#inflater.release()
    }
  }

  #push(piece: Buffer, isLast: boolean): Promise<ProtocolError | null> {
    return new Promise((resolve) => {
      this.#resolve = resolve
      const memory = Buffer.from(piece)
      this.#inflater.push(memory, isLast)
      // The memory into which sockets are read is reused.
      memory.fill(0xff)
    })
  }

  onInflated(bytes: Buffer): void {
    assert.not(this.#isPaused, 'a part while paused')
    this.#parts.push(Buffer.from(bytes))
    this.#length += bytes.length
    if (!this.#pauses()) return
    this.#isPaused = true
    this.#inflater.pause()
    setImmediate(() => {
      this.#isPaused = false
      this.#inflater.resume()
    })
  }

  onInflatedPiece(): void {
    this.#resolve(null)
  }

  onInflateError(error: ProtocolError): void {
    this.#resolve(error)
  }
}

const inputs = fc.record({
  payloads: deflateInputs.map(({ payloads }) => payloads),
  chunking,
  pauses: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
})

type Input = typeof inputs extends fc.Arbitrary<infer T> ? T : never

/** Compressed messages of one connection, each received in pieces, compared with the decoder that works bit by bit. */
export const inflateStreamTarget: Target<Input> = {
  name: 'inflate stream',
  inputs,
  async check({ payloads, chunking, pauses }) {
    const codec = makeCodec()
    const nextPause = cycle(pauses)
    let history = Buffer.alloc(0)
    try {
      for (const payload of payloads) {
        const expected = slowMessage(payload, history)
        const pieces = payload.length === 0 ? [payload] : cut(payload, chunking)
        const message = await new Reader(codec, nextPause).read(pieces)
        if (!Buffer.isBuffer(message)) {
          if (message !== null) assert.ok([1007, 1008].includes(message.closeCode))
          // The codec may reject only a message that the decoder rejects as well, or one that costs too much.
          const isLegal = expected !== null && expected.length <= MOST && zlibReads(payload, history)
          assert.not(isLegal && message?.closeCode !== 1008, 'a message was refused')
          return 0
        }
        assert.ok(expected !== null && message.equals(expected), 'another message than the decoder reads')
        history = Buffer.concat([history, message]).subarray(-32_768)
      }
    } finally {
      codec.release()
    }
    return 0
  },
}
