import { type CloseInfo, PauseReason, Protocol, type ProtocolSink } from '../../src/core/protocol.ts'
import { decodeText } from '../../src/core/text.ts'
import { assert } from '../support/unit.ts'
import { makeFrames } from './frame-input.ts'
import { expectFrames, type OracleOptions } from './frame-oracle.ts'
import type { Target } from './fuzz.ts'
import { Random } from './random.ts'

/** Notes what a protocol does, in the words of the oracle, and holds it up now and then. */
class Recorder implements ProtocolSink {
  readonly events: string[] = []
  readonly #random: Random
  readonly #protocol: () => Protocol

  constructor(random: Random, protocol: () => Protocol) {
    this.#random = random
    this.#protocol = protocol
  }

  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    assert.is(decodeText(bytes, start, end, isAscii), bytes.toString('utf8', start, end))
    this.events.push(`text ${bytes.toString('hex', start, end)}`)
    this.#holdUp()
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.events.push(`binary ${bytes.toString('hex', start, end)}`)
    this.#holdUp()
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

  #holdUp(): void {
    if (this.#random.chance(0.1)) this.#protocol().pause(this.#random.pick([PauseReason.READER, PauseReason.RATE]))
  }
}

/** Parser, assembler and protocol, of either role, against the oracle, in random chunks and with random pauses. */
export function frameTarget(role: 'server' | 'client'): Target {
  return {
    name: `frames of a ${role}`,
    generate: (random) => makeFrames(random, role === 'server'),
    check(input, variant) {
      const random = new Random(variant ^ 0x5eed)
      const options: OracleOptions = {
        role,
        maxMessageSize: random.pick([200, 3_000, 70_000, 1_000_000, 1_000_000, 1_000_000]),
        maxFrames: random.pick([2, 8, 1_000, 1_000, 1_000, 1_000]),
      }
      const expected = expectFrames(input, options)
      const recorder = new Recorder(random, () => protocol)
      const protocol: Protocol = new Protocol(recorder, { role, limits: options })
      for (const chunk of random.chunks(input)) {
        protocol.receive(Buffer.from(chunk))
        if (random.chance(0.5)) protocol.resume(PauseReason.READER | PauseReason.RATE)
      }
      while (protocol.isPaused) protocol.resume(PauseReason.READER | PauseReason.RATE)
      assert.equal(recorder.events, expected.events)
      return expected.frames
    },
  }
}
