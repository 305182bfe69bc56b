import {
  type Case,
  cutFrame,
  echoFault,
  expectCleanClose,
  loadTimeout,
  TOO_BIG_CODES,
  type Trial,
} from '../../script/index.ts'
import { type Chop, hex, Op, readingTurn } from '../../wire/index.ts'

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

type Kind = 'text' | 'binary'

const OPCODES = { text: Op.TEXT, binary: Op.BINARY } as const
const KINDS: readonly Kind[] = ['text', 'binary']

/** The contents of the messages of Autobahn: `patterns` in 9.1, 9.2, 9.5 and 9.6, `single` in the others. */
const PATTERNS = { text: Buffer.from('BAsd7&jh23'), binary: hex('00fe23faf0') }
export const SINGLES = { text: Buffer.from('*'), binary: hex('fe') }

const SIZES: Record<string, number> = {
  '64k': 64 * KIBIBYTE,
  '256k': 256 * KIBIBYTE,
  '1m': MEBIBYTE,
  '4m': 4 * MEBIBYTE,
  '8m': 8 * MEBIBYTE,
  '16m': 16 * MEBIBYTE,
}

/** Sizes that are sent only with `--long` and with a `--max-message` that allows them. */
const LARGE_SIZES: Record<string, number> = { '32m': 32 * MEBIBYTE, '64m': 64 * MEBIBYTE, '256m': 256 * MEBIBYTE }

const FRAGMENT_SIZES = [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304]
const CHOP_SIZES = [64, 128, 256, 512, 1024, 2048]

interface Transfer {
  kind: Kind
  size: number
  pattern: Buffer
  /** Bytes of a fragment; default: the message is one frame. */
  fragment?: number
  chop?: Chop
}

/**
 * Sends a message and compares its echo. Notes time and rate. A refusal because of a limit is noted and is not a
 * failure.
 */
async function transfer(t: Trial, { kind, size, pattern, fragment = size, chop }: Transfer): Promise<void> {
  if (size > t.context.maxMessage) t.skip(`needs --max-message ${size}`)
  const peer = await t.open()
  const message = { opcode: OPCODES[kind], payload: Buffer.alloc(size, pattern) }
  const frames = cutFrame(message, fragment)
  const bytes = Buffer.concat(frames.map((frame) => peer.frameBytes(frame)))
  const began = performance.now()
  await peer.sendBytes(bytes, chop)
  const event = await peer.nextMeaningful(loadTimeout(t))
  const milliseconds = performance.now() - began
  if (event?.kind === 'close' && TOO_BIG_CODES.includes(event.code ?? 0)) {
    t.note(`limit: ${size} bytes in ${frames.length} frames are refused with ${event.code}`)
    return
  }
  const fault = echoFault(t, event, message)
  t.require(fault === null, `the echo of ${size} bytes`, fault ?? 'the same bytes')
  const rate = Math.round((size / MEBIBYTE / (milliseconds / 1000)) * 10) / 10
  t.note(`${Math.round(milliseconds * 10) / 10} ms, ${rate} MiB/s`)
  await expectCleanClose(t, peer)
}

function transferred(name: string, spec: Transfer): Case {
  return { id: `perf.${name}`, phase: 'alone', needs: ['echo'], run: (t) => transfer(t, spec) }
}

/** Large messages whole, in fragments and in small writes (RFC 6455 §5.4, §6.2): `perf`, Autobahn 9.1 to 9.6. */
export const messageSizes: Case[] = [
  ...KINDS.flatMap((kind) =>
    Object.entries(SIZES).map(([name, size]) =>
      transferred(`${kind}-${name}`, { kind, size, pattern: PATTERNS[kind] }),
    ),
  ),
  ...KINDS.flatMap((kind) =>
    FRAGMENT_SIZES.map((fragment) =>
      transferred(`${kind}-4m-frag-${fragment}`, { kind, size: 4 * MEBIBYTE, pattern: SINGLES[kind], fragment }),
    ),
  ),
  ...KINDS.flatMap((kind) =>
    CHOP_SIZES.map((size) =>
      transferred(`${kind}-1m-chop-${size}`, {
        kind,
        size: MEBIBYTE,
        pattern: PATTERNS[kind],
        chop: { size, settle: readingTurn },
      }),
    ),
  ),
  ...Object.entries(LARGE_SIZES).map(
    ([name, size]): Case => ({
      ...transferred(`limit-binary-${name}`, { kind: 'binary', size, pattern: PATTERNS.binary }),
      tags: ['slow'],
    }),
  ),
]
