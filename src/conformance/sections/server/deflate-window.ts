import type { Message, Peer } from '../../peer/index.ts'
import {
  type Case,
  compressedFrames,
  expectCleanClose,
  expectMessage,
  needEcho,
  openCompressed,
  type Trial,
} from '../../script/index.ts'
import { Inflater, largestDistanceIn, Op, PMD, showBytes } from '../../wire/index.ts'

const LENGTH = 256 * 1024

/** Sends a text message, checks its echo, and returns the compressed payload of the echo. */
async function rawEcho(t: Trial, peer: Peer, inflater: Inflater, text: Buffer, frames = plain(text)): Promise<Message> {
  await peer.sendFrames(frames)
  const message = await expectMessage(t, peer, 'an echo', { size: text.length })
  const payload = message.compressed ? inflate(t, inflater, message) : message.payload
  const wanted = Buffer.concat([Buffer.from(t.context.capabilities.echoPrefix), text])
  t.require(payload.equals(wanted), `echo: ${showBytes(wanted)}`, showBytes(payload))
  return message
}

function plain(text: Buffer): ReturnType<typeof compressedFrames> {
  return [{ opcode: Op.TEXT, payload: text }]
}

function inflate(t: Trial, inflater: Inflater, { payload }: Message): Buffer {
  try {
    return inflater.inflate(payload)
  } catch (error) {
    t.fail('a message that decompresses as agreed', `${showBytes(payload)}: ${(error as Error).message}`)
  }
}

/**
 * Generates a text with repetitions at a distance of one and a half windows, so that every match violates the
 * agreement.
 */
function temptation(t: Trial, bits: number): Buffer {
  const piece = t.random.text(1.5 * 2 ** bits)
  return Buffer.from(piece.repeat(Math.ceil(LENGTH / piece.length))).subarray(0, LENGTH)
}

/** The windows that the server uses (RFC 7692 §7.2.1): the cases `pmd.data.server-*`. */
export const deflateWindow: Case[] = [
  {
    id: 'pmd.data.server-fresh',
    needs: ['pmd', 'echo'],
    async run(t) {
      const { peer } = await openCompressed(t, `${PMD}; server_no_context_takeover`)
      peer.decoder = null
      for (const text of [Buffer.from('Hello'), Buffer.from(t.random.text(4096))]) {
        for (let count = 0; count < 3; count++) await rawEcho(t, peer, new Inflater(), text)
      }
      await expectCleanClose(t, peer)
    },
  },
  ...[8, 9, 10, 12, 15].map(
    (bits): Case => ({
      id: `pmd.data.server-window-${bits}`,
      needs: ['pmd', 'echo'],
      async run(t: Trial) {
        needEcho(t)
        const { peer, deflater, agreement } = await openCompressed(t, `${PMD}; server_max_window_bits=${bits}`)
        const limit = 2 ** (agreement.serverBits ?? 15)
        const inflater = new Inflater(15, !agreement.serverNoContext)
        peer.decoder = null
        const text = temptation(t, bits)
        // The second message repeats the first one, to which the server must not refer.
        for (const part of [text, text.subarray(0, 4096)]) {
          const frames = compressedFrames(Op.TEXT, deflater.deflate(part))
          const message = await rawEcho(t, peer, inflater, part, frames)
          if (!message.compressed) t.note(`${part.length} bytes were echoed uncompressed`)
          else requireWithin(t, message, limit)
        }
        await expectCleanClose(t, peer)
      },
    }),
  ),
]

function requireWithin(t: Trial, { payload }: Message, limit: number): void {
  const distance = largestDistanceIn(payload)
  t.assert(distance <= limit, `no reference further back than ${limit} bytes`, `a reference ${distance} bytes back`)
}
