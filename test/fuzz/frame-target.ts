import fc from 'fast-check'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import { PauseReason } from '../../src/core/input-gate.ts'
import { plainEngine } from '../../src/core/plain-engine.ts'
import { Protocol, type ProtocolSink } from '../../src/core/protocol.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { decodeText } from '../../src/fast/utf8-decoder.ts'
import { chunking, cut, cycle } from '../support/arbitrary.ts'
import { assert } from '../support/unit.ts'
import { frames } from './frame-input.ts'
import { expectFrames } from './frame-oracle.ts'
import type { Target } from './target.ts'

/** Records what a protocol does, in the terms of the oracle, and pauses it where the input requires it. */
export class Recorder implements ProtocolSink {
  readonly events: string[] = []
  readonly #nextPause: () => number
  readonly #protocol: () => Protocol

  constructor(nextPause: () => number, protocol: () => Protocol) {
    this.#nextPause = nextPause
    this.#protocol = protocol
  }

  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    assert.is(decodeText(bytes, start, end, isAscii), bytes.toString('utf8', start, end))
    this.events.push(`text ${bytes.toString('hex', start, end)}`)
    this.pauseMaybe()
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.events.push(`binary ${bytes.toString('hex', start, end)}`)
    this.pauseMaybe()
  }

  onPongReceived(payload: Buffer): void {
    this.events.push(`pong ${payload.toString('hex')}`)
  }

  onControlFrame(opcode: number, payload: Uint8Array): void {
    const body = Buffer.from(payload)
    const shown = opcode === 8 ? (body.length === 0 ? '' : body.readUInt16BE(0)) : body.toString('hex')
    this.events.push(`send ${opcode.toString(16)} ${shown}`)
  }

  onCloseExpected(): void {}

  onClosed({ code, initiator, wasClean }: CloseInfo): void {
    this.events.push(`closed ${code} ${initiator} ${wasClean ? 'clean' : 'unclean'}`)
  }

  onFlow(): void {}

  pauseMaybe(): void {
    const reason = this.#nextPause()
    if (reason !== 0) this.#protocol().pause(reason)
  }
}

/**
 * Returns an arbitrary of inputs: limits of messages, some of them small; where chunks end; and before which chunks and
 * after which messages reading pauses.
 */
export function frameInputs(role: 'server' | 'client') {
  return fc.record({
    bytes: frames(role === 'server'),
    limits: fc.record({
      maxMessageSize: fc.constantFrom(1_000_000, 1_000_000, 1_000_000, 70_000, 3_000, 200),
      maxFrames: fc.constantFrom(1_000, 1_000, 1_000, 1_000, 8, 2),
    }),
    chunking,
    resumes: fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
    pauses: fc.array(
      fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.constantFrom(PauseReason.READER, PauseReason.RATE) },
      ),
      { minLength: 1, maxLength: 20 },
    ),
  })
}

type Input = ReturnType<typeof frameInputs> extends fc.Arbitrary<infer T> ? T : never

/** Returns the target for parser, assembler and protocol of a role, with either engine, any chunks and any pauses. */
export function frameTarget(role: 'server' | 'client'): Target<Input> {
  return {
    name: `frames of a ${role}`,
    inputs: frameInputs(role),
    check({ bytes, limits, chunking, resumes, pauses }) {
      const expected = expectFrames(bytes, { role, ...limits })
      for (const engine of [plainEngine, fastEngine]) {
        const recorder = new Recorder(cycle(pauses), () => protocol)
        const protocol: Protocol = new Protocol(recorder, { role, limits, engine })
        const resumesNext = cycle(resumes)
        for (const chunk of cut(bytes, chunking)) {
          protocol.receive(Buffer.from(chunk))
          if (resumesNext()) protocol.resume(PauseReason.READER | PauseReason.RATE)
        }
        while (protocol.isPaused) protocol.resume(PauseReason.READER | PauseReason.RATE)
        assert.equal(recorder.events, expected.events)
      }
      return expected.frames
    },
  }
}
