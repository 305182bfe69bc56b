import { BINARY, buildFrame } from '../wire/frame.ts'
import { makePayload } from '../wire/payload.ts'
import { MICRO_SIZES, type MicroCase, type MicroTools } from './case.ts'

/** The approximate number of bytes of one read from a socket. */
const CHUNK = 64 * 1024
const MASK_KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** Parses a chunk of frames into messages, with all checks: the core of this library and the Receiver of ws. */
export const PARSER_CASES: readonly MicroCase[] = [true, false].flatMap((masked) =>
  MICRO_SIZES.map((size) => ({
    id: `parser-${masked ? 'masked' : 'plain'}-${size}`,
    title: `parse ${masked ? 'masked' : 'unmasked'} frames of ${size} B`,
    bytes: size,
    goals: masked && size <= 32 ? { ws: 3 } : undefined,
    make: (tools: MicroTools) => makeParsers(tools, size, masked),
  })),
)

function makeParsers(tools: MicroTools, size: number, masked: boolean) {
  const frame = buildFrame(BINARY, makePayload('binary', size, 1), masked ? { maskKey: MASK_KEY } : {})
  const operations = Math.max(1, Math.floor(CHUNK / frame.length))
  const chunk = Buffer.concat(Array<Buffer>(operations).fill(frame))
  // Unmasking happens in place, so every implementation gets a fresh copy, as from a socket.
  const work = Buffer.alloc(chunk.length)
  const variants: Record<string, () => void> = { dwebsocket: protocolParser(tools, chunk, work, operations, masked) }
  if (tools.ws) variants.ws = wsReceiver(tools, chunk, work, operations, masked)
  variants.copy = () => void chunk.copy(work)
  return { operations, variants }
}

function protocolParser({ parts }: MicroTools, chunk: Buffer, work: Buffer, operations: number, masked: boolean) {
  let messages = 0
  const noop = (): void => {}
  const count = (): void => {
    messages++
  }
  const sink = {
    onTextMessage: count,
    onBinaryMessage: count,
    onPongReceived: noop,
    onControlFrame: noop,
    onCloseExpected: noop,
    onClosed: noop,
    onFlow: noop,
  }
  const role = masked ? 'server' : 'client'
  const limits = { maxMessageSize: 1 << 20, maxFrames: 1 << 17 }
  const protocol = new parts.Protocol(sink, { role, limits, engine: parts.fastEngine })
  return () => {
    chunk.copy(work)
    messages = 0
    protocol.receive(work, 0, work.length)
    if (messages !== operations) throw new Error(`${messages} messages were parsed from ${operations} frames`)
  }
}

function wsReceiver({ ws }: MicroTools, chunk: Buffer, work: Buffer, operations: number, masked: boolean) {
  let messages = 0
  const receiver = new ws.Receiver({ isServer: masked, allowSynchronousEvents: true, maxPayload: 1 << 20 })
  receiver.on('message', () => {
    messages++
  })
  return () => {
    chunk.copy(work)
    messages = 0
    receiver.write(work)
    if (messages !== operations) throw new Error(`ws parsed ${messages} messages from ${operations} frames`)
  }
}
