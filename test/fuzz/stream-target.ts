import fc from 'fast-check'
import { PauseReason } from '../../src/core/input-gate.ts'
import { plainEngine } from '../../src/core/plain-engine.ts'
import { Protocol } from '../../src/core/protocol.ts'
import type { StreamSink } from '../../src/core/stream-assembler.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { cut, cycle } from '../support/arbitrary.ts'
import { assert } from '../support/unit.ts'
import { expectFrames } from './frame-oracle.ts'
import { frameInputs, Recorder } from './frame-target.ts'
import type { Target } from './target.ts'

/** Frames of a stream that count for `maxFrames` are shorter. */
const COUNTED_BELOW = 1024

/** Joins the parts of each message, and checks their order. */
class StreamRecorder extends Recorder implements StreamSink {
  #parts: Buffer[] = []
  #kind: 'text' | 'binary' | null = null
  /** Whether the message in progress will have no end. */
  wasAborted = false

  get isInMessage(): boolean {
    return this.#kind !== null
  }

  /** What has arrived of the message in progress. */
  get joined(): Buffer {
    return Buffer.concat(this.#parts)
  }

  onStreamBegin(isText: boolean): void {
    assert.is(this.#kind, null)
    assert.not(this.wasAborted, 'a message begins after the end')
    this.#kind = isText ? 'text' : 'binary'
    this.#parts = []
  }

  onStreamPart(bytes: Buffer, start: number, end: number): void {
    assert.not(this.#kind === null, 'a part of no message')
    assert.ok(end > start, 'an empty part')
    this.#parts.push(Buffer.from(bytes.subarray(start, end)))
    this.pauseMaybe()
  }

  onStreamEnd(): void {
    this.events.push(`${this.#kind} ${this.joined.toString('hex')}`)
    this.#kind = null
    this.#parts = []
    this.pauseMaybe()
  }

  onStreamAbort(): void {
    assert.not(this.#kind === null, 'no message is aborted')
    this.#kind = null
    this.wasAborted = true
  }
}

/** Returns an arbitrary of inputs as for whole messages, with the chunk before which streaming begins. */
function streamInputs(role: 'server' | 'client') {
  return fc.tuple(frameInputs(role), fc.oneof(fc.constant(0), fc.nat(20)))
}

type Input = ReturnType<typeof streamInputs> extends fc.Arbitrary<infer T> ? T : never

/**
 * Returns the target for the stream assembler in the protocol of a role. The joined parts must be the messages of the
 * oracle.
 */
export function streamTarget(role: 'server' | 'client'): Target<Input> {
  return {
    name: `streams to a ${role}`,
    inputs: streamInputs(role),
    check([{ bytes, limits, chunking, resumes, pauses }, switchAt]) {
      // Before the switch every frame counts, so the limits agree only without a switch.
      const maxFrames = switchAt === 0 ? limits.maxFrames : 1_000_000
      const { maxMessageSize } = limits
      const expected = expectFrames(bytes, { role, maxMessageSize, maxFrames, countedBelow: COUNTED_BELOW })
      for (const engine of [plainEngine, fastEngine]) {
        const recorder = new StreamRecorder(cycle(pauses), () => protocol)
        const ownLimits = { maxMessageSize, maxFrames, maxStreamSize: maxMessageSize }
        const protocol: Protocol = new Protocol(recorder, { role, limits: ownLimits, engine })
        const resumesNext = cycle(resumes)
        const chunks = cut(bytes, chunking)
        for (const [index, chunk] of chunks.entries()) {
          if (index === switchAt) protocol.streamTo(recorder)
          protocol.receive(Buffer.from(chunk))
          if (resumesNext()) protocol.resume(PauseReason.READER | PauseReason.RATE)
        }
        if (switchAt >= chunks.length) protocol.streamTo(recorder)
        while (protocol.isPaused) protocol.resume(PauseReason.READER | PauseReason.RATE)
        assert.equal(recorder.events, expected.events)
        const { unfinished } = expected
        const { joined } = recorder
        if (protocol.state === 'open') assert.ok(joined.equals(unfinished), 'not all that has arrived')
        else assert.ok(unfinished.subarray(0, joined.length).equals(joined), 'other bytes')
        if (protocol.state !== 'open') assert.not(recorder.isInMessage, 'a message is not aborted')
      }
      return expected.frames
    },
  }
}
