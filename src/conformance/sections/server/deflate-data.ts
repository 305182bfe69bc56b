import { constants } from 'node:zlib'
import {
  type Case,
  type CompressedLink,
  compressedFrames,
  Deflater,
  expectCleanClose,
  expectEchoThenCleanClose,
  expectQuiet,
  expectRoundTrip,
  HELLO,
  HELLO_AGAIN,
  linkedCase,
  needClientWindow,
  onEach,
  openCompressed,
  type Trial,
} from '../../script/index.ts'
import { BlockWriter, hex, mixedText, Op, type Random, Rsv, TAIL } from '../../wire/index.ts'

const MIXED_LENGTH = 65_536

/** Sends the payload of a compressed message and waits for the echo of the decompressed message. */
async function echoOf(t: Trial, link: CompressedLink, payload: Uint8Array, message: string | Buffer): Promise<void> {
  const opcode = typeof message === 'string' ? Op.TEXT : Op.BINARY
  await expectRoundTrip(t, link.peer, { opcode, payload: message, frames: compressedFrames(opcode, payload) })
}

/** Makes a case with one compressed message, given in hex, in fragments of these sizes. */
function example(id: string, bytes: string, message: string, ...sizes: number[]): Case {
  return linkedCase(`pmd.data.${id}`, (t, { peer }) =>
    expectEchoThenCleanClose(t, peer, { payload: message, frames: compressedFrames(Op.TEXT, hex(bytes), ...sizes) }),
  )
}

const EMPTY_BLOCK = '000000ffff'
const HELLO_HEX = HELLO.toString('hex')

/** The examples of RFC 7692 §7.2.3. */
const examples: Case[] = [
  example('rfc-hello', HELLO_HEX, 'Hello'),
  example('rfc-hello-frag', HELLO_HEX, 'Hello', 3, 4),
  linkedCase('pmd.data.rfc-window', async (t, link) => {
    needClientWindow(t, link.agreement)
    await echoOf(t, link, HELLO, 'Hello')
    await echoOf(t, link, HELLO_AGAIN, 'Hello')
    await expectCleanClose(t, link.peer)
  }),
  example('rfc-stored', '000500faff48656c6c6f00', 'Hello'),
  example('rfc-bfinal', 'f348cdc9c9070000', 'Hello'),
  example('rfc-two-blocks', 'f248050000 00ffff cac9c90700', 'Hello'),
  example('rfc-empty-last', `${HELLO_HEX}0000ffff00`, 'Hello', 11, 1),
  linkedCase('pmd.data.empty-last-twice', async (t, { peer, deflater }) => {
    for (const word of ['Hello', 'World']) {
      const bytes = Buffer.concat([deflater.deflate(Buffer.from(word)), TAIL])
      const frames = compressedFrames(Op.TEXT, Buffer.concat([bytes, Buffer.alloc(1)]), bytes.length, 1)
      await expectRoundTrip(t, peer, { payload: word, frames })
    }
    await expectCleanClose(t, peer)
  }),
]

/** Empty messages, blocks and fragments (RFC 7692 §7.2.3.6). */
const emptiness: Case[] = [
  example('empty', '00', ''),
  example('empty-fixed', '0200', ''),
  linkedCase('pmd.data.empty-payload', async (t, { peer }) => {
    await peer.sendFrames(compressedFrames(Op.TEXT, Buffer.alloc(0)))
    await noteOutcome(t, peer)
  }),
  linkedCase('pmd.data.empty-fragments', (t, { peer }) =>
    expectEchoThenCleanClose(t, peer, {
      payload: 'Hello',
      frames: [
        { opcode: Op.TEXT, rsv: Rsv.RSV1, fin: false },
        { opcode: Op.CONT, fin: false, payload: HELLO },
        { opcode: Op.CONT },
      ],
    }),
  ),
  example('many-empty-blocks', EMPTY_BLOCK.repeat(1000) + HELLO_HEX, 'Hello'),
]

/** Notes the outcome where every outcome is allowed. */
async function noteOutcome(t: Trial, peer: CompressedLink['peer']): Promise<void> {
  const event = await peer.nextMeaningful()
  if (event?.kind === 'message') t.note(`echo of ${event.message.payload.length} bytes`)
  else if (event?.kind === 'close') t.note(`Close ${event.code ?? 'without a code'}`)
  else t.note(event === null ? 'nothing arrived in time' : event.kind)
}

const STRATEGIES: Record<string, number> = {
  'huffman-only': constants.Z_HUFFMAN_ONLY,
  rle: constants.Z_RLE,
  fixed: constants.Z_FIXED,
  filtered: constants.Z_FILTERED,
}

/** Makes a case with a long message that zlib compresses with these options. */
function deflated(id: string, options: { level?: number; strategy?: number }): Case {
  return linkedCase(`pmd.data.${id}`, async (t, link) => {
    const text = mixedText(t.random, MIXED_LENGTH)
    await echoOf(t, link, link.deflater.deflate(text, options), text.toString())
    await expectCleanClose(t, link.peer)
  })
}

const encodings: Case[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((level) => deflated(`level-${level}`, { level })),
  ...Object.entries(STRATEGIES).map(([name, strategy]) => deflated(`strategy-${name}`, { strategy })),
  linkedCase('pmd.data.flush-each-byte', async (t, link) => {
    const text = mixedText(t.random, 1024)
    // Within one message, back-references are allowed regardless of the agreement.
    const deflater = new Deflater({ ...link.agreement, clientNoContext: false })
    const pieces = [...text].flatMap((byte) => [deflater.deflate(Buffer.of(byte)), TAIL])
    await echoOf(t, link, Buffer.concat(pieces.slice(0, -1)), text.toString())
    await expectCleanClose(t, link.peer)
  }),
  linkedCase('pmd.data.bfinal-then-window', async (t, link) => {
    needClientWindow(t, link.agreement)
    await echoOf(t, link, hex('f348cdc9c9070000'), 'Hello')
    await echoOf(t, link, HELLO_AGAIN, 'Hello')
    await expectCleanClose(t, link.peer)
  }),
  example('bfinal-middle', 'f3480500 cac9c90700', 'Hello'),
  linkedCase('pmd.data.tail-kept', async (t, { peer }) => {
    await peer.sendFrames(compressedFrames(Op.TEXT, Buffer.concat([HELLO, TAIL])))
    await noteOutcome(t, peer)
  }),
  linkedCase('pmd.data.utf8-good', async (t, link) => {
    const text = threeByteText(t.random, MIXED_LENGTH)
    await echoOf(t, link, link.deflater.deflate(Buffer.from(text)), text)
    await expectCleanClose(t, link.peer)
  }),
  linkedCase('pmd.data.binary-any', async (t, link) => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => 255 - (index & 255)))
    await echoOf(t, link, link.deflater.deflate(bytes), bytes)
    await expectCleanClose(t, link.peer)
  }),
]

/** Returns code points of three bytes, at most `size` bytes together. */
function threeByteText(random: Random, size: number): string {
  const points = Array.from({ length: Math.floor(size / 3) }, () => random.integer(0x4e00, 0x9fff))
  return points.map((point) => String.fromCodePoint(point)).join('')
}

/** The longest reference with the largest distance (RFC 1951 §3.2.5). */
const MATCH = { length: 258, distance: 32_768 }

/** The window that the server retains between received messages (RFC 7692 §7.2.2). */
const clientWindow: Case[] = [
  linkedCase('pmd.data.distance-32768', async (t, link) => {
    const bytes = t.random.bytes(MATCH.distance)
    const payload = new BlockWriter().stored(bytes).fixed([MATCH, MATCH]).payload()
    await echoOf(t, link, payload, Buffer.concat([bytes, bytes.subarray(0, 2 * MATCH.length)]))
    await expectCleanClose(t, link.peer)
  }),
  linkedCase('pmd.data.distance-32768-across', async (t, link) => {
    needClientWindow(t, link.agreement)
    const bytes = t.random.bytes(MATCH.distance)
    await echoOf(t, link, new BlockWriter().stored(bytes).payload(), bytes)
    await echoOf(t, link, new BlockWriter().fixed([MATCH]).payload(), bytes.subarray(0, MATCH.length))
    await expectCleanClose(t, link.peer)
  }),
  {
    id: 'pmd.data.window-after-hint',
    needs: ['pmd'],
    async run(t) {
      const link = await openCompressed(t, 'permessage-deflate; client_no_context_takeover')
      if (link.agreement.clientNoContext) t.skip('the target accepted client_no_context_takeover')
      await echoOf(t, link, HELLO, 'Hello')
      await echoOf(t, link, HELLO_AGAIN, 'Hello')
      await expectCleanClose(t, link.peer)
    },
  },
  linkedCase('pmd.data.window-plain-between', async (t, link) => {
    needClientWindow(t, link.agreement)
    await echoOf(t, link, HELLO, 'Hello')
    await expectRoundTrip(t, link.peer, { payload: 'a plain message in between' })
    await expectQuiet(t, link.peer)
    await echoOf(t, link, HELLO_AGAIN, 'Hello')
    await expectCleanClose(t, link.peer)
  }),
  linkedCase('pmd.data.window-binary-text', async (t, link) => {
    needClientWindow(t, link.agreement)
    await echoOf(t, link, HELLO, 'Hello')
    await echoOf(t, link, HELLO_AGAIN, Buffer.from('Hello'))
    await expectCleanClose(t, link.peer)
  }),
  {
    id: 'pmd.data.client-window',
    needs: ['pmd'],
    async run(t) {
      const offers = [8, 9, 10, 11, 12, 13, 14, 15].map((bits) => `permessage-deflate; client_max_window_bits=${bits}`)
      await onEach(t, offers, { name: (offer) => `“${offer}”` }, async (offer) => {
        const link = await openCompressed(t, offer)
        await fillClientWindow(t, link, 2 ** (link.agreement.clientBits ?? 15))
      })
    },
  },
  {
    id: 'pmd.data.client-window-broken',
    needs: ['pmd'],
    async run(t) {
      const { peer, agreement } = await openCompressed(t, 'permessage-deflate; client_max_window_bits=9')
      if ((agreement.clientBits ?? 15) === 15) t.skip('the target requests no smaller window')
      const payload = new BlockWriter().stored(t.random.bytes(MATCH.distance)).fixed([MATCH]).payload()
      await peer.sendFrames(compressedFrames(Op.BINARY, payload))
      await noteOutcome(t, peer)
    },
  },
]

/** References with the largest agreed distance, within a message and to the previous one. */
async function fillClientWindow(t: Trial, link: CompressedLink, distance: number): Promise<void> {
  const bytes = t.random.bytes(distance)
  const reference = { length: 10, distance }
  const first = new BlockWriter().stored(bytes).fixed([reference]).payload()
  await echoOf(t, link, first, Buffer.concat([bytes, bytes.subarray(0, 10)]))
  if (!link.agreement.clientNoContext) {
    await echoOf(t, link, new BlockWriter().fixed([reference]).payload(), bytes.subarray(10, 20))
  }
  await expectCleanClose(t, link.peer)
}

/** Valid compressed data (RFC 7692 §7.2): `pmd.data` without the windows of the server and without invalid data. */
export const deflateData: Case[] = [...examples, ...emptiness, ...encodings, ...clientWindow]
