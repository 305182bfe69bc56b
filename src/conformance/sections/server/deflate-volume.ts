import type { Message, Peer } from '../../peer/index.ts'
import {
  type Case,
  checkEcho,
  cutFrame,
  Deflater,
  expectAgreement,
  expectCleanClose,
  expectMessage,
  offerExtensions,
  openCompressed,
  skipRefusal,
  type Trial,
} from '../../script/index.ts'
import { type Agreement, type DataSetName, dataSet, describeFrame, Op, PMD, Rsv } from '../../wire/index.ts'

/** How many messages a case sends, as in Autobahn. */
const MESSAGES = 1000
/** Without `--long` a case sends this number of bytes, and at least passes twice through its data. */
const VOLUME = 1024 * 1024
const PASSES = 2
const WINDOW = 32_768

/** The default offer of Autobahn. */
const DEFAULT = `${PMD}; client_no_context_takeover; client_max_window_bits`
const SNCT = 'server_no_context_takeover'
const SMWB9 = 'server_max_window_bits=9'

interface Family {
  name: string
  data: DataSetName
  opcode?: number
  /** Default: the offer of Autobahn. */
  offer?: string
}

/** The families 12.1 to 12.5 and 13.1 to 13.7 of Autobahn. */
const families: Family[] = [
  { name: 'json', data: 'json' },
  { name: 'bitmap', data: 'bitmap', opcode: Op.BINARY },
  { name: 'prose', data: 'prose', opcode: Op.BINARY },
  { name: 'html', data: 'html' },
  { name: 'pdf', data: 'pdf', opcode: Op.BINARY },
  { name: 'offer-plain', data: 'json' },
  { name: 'offer-snct', data: 'json', offer: `${DEFAULT}; ${SNCT}` },
  { name: 'offer-smwb9', data: 'json', offer: `${DEFAULT}; ${SMWB9}` },
  { name: 'offer-smwb15', data: 'json', offer: `${DEFAULT}; server_max_window_bits=15` },
  { name: 'offer-snct-smwb9', data: 'json', offer: `${DEFAULT}; ${SNCT}; ${SMWB9}` },
  { name: 'offer-snct-smwb15', data: 'json', offer: `${DEFAULT}; ${SNCT}; server_max_window_bits=15` },
  { name: 'offer-three', data: 'json', offer: `${DEFAULT}; ${SNCT}; ${SMWB9}, ${DEFAULT}; ${SNCT}, ${DEFAULT}` },
]

const POWERS = [16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072]

/** The 18 cases of each family in order: the bytes of a message and of its fragments. */
const shapes: { size: number; fragment?: number }[] = [
  ...POWERS.map((size) => ({ size })),
  ...POWERS.slice(5).map((size) => ({ size, fragment: 256 })),
  ...[1024, 4096, 32_768].map((fragment) => ({ size: 131_072, fragment })),
]

/** Seconds for each case by number; further cases use the last value. */
const LIMITS = [60, 60, 120, 240, 480]

/**
 * Consecutive pieces of a data set, starting again at its end, compressed in order. Texts are cut by characters, as in
 * Autobahn.
 */
class Messages {
  /** The messages that are sent in turn: at least two, so that the echo of an earlier message is noticed. */
  readonly #pieces: Buffer[]
  readonly #deflater: Deflater
  /** From this message on the payloads repeat, because the window is full and its contents repeat. */
  readonly #repeatFrom: number
  readonly #payloads: Buffer[] = []

  constructor(data: Buffer, size: number, isText: boolean, agreement: Agreement) {
    const whole = isText ? data.toString() : data
    const count = Math.max(2, Math.floor(whole.length / size))
    this.#pieces = Array.from({ length: count }, (_, index) => cutAround(whole, (index * size) % whole.length, size))
    this.#deflater = new Deflater(agreement)
    this.#repeatFrom = Math.ceil(WINDOW / size)
  }

  message(index: number): Buffer {
    return this.#pieces[index % this.#pieces.length]
  }

  /** Returns the compressed message. Must be called in order. */
  payload(index: number): Buffer {
    const earlier = index - this.#pieces.length
    this.#payloads.push(
      earlier >= this.#repeatFrom ? this.#payloads[earlier] : this.#deflater.deflate(this.message(index)),
    )
    return this.#payloads[index]
  }
}

/** Returns a piece of this length, which continues at the beginning when the data ends. */
function cutAround(data: string | Buffer, start: number, size: number): Buffer {
  const rest = Math.max(0, start + size - data.length)
  if (typeof data === 'string') return Buffer.from(data.slice(start, start + size) + data.slice(0, rest))
  return Buffer.concat([data.subarray(start, start + size), data.subarray(0, rest)])
}

/** Opens a connection with permessage-deflate. As in Autobahn, an invalid 101 from the server fails each case. */
async function openAgreed(t: Trial, offer: string): Promise<{ peer: Peer; agreement: Agreement }> {
  // When a client is tested, the response is sent by the tester.
  if (t.reception !== null) return openCompressed(t, offer)
  const handshake = await offerExtensions(t, offer)
  skipRefusal(t, handshake, offer)
  const agreement = expectAgreement(t, handshake, [offer])
  if (agreement === null) t.skip(`the target declined “${offer}”`)
  return { peer: handshake.peer, agreement }
}

/** Checks that RSV1 is not set on continuations (RFC 7692 §6.1). */
function checkContinuations(t: Trial, { frames }: Message): void {
  const marked = frames.slice(1).find(({ rsv }) => (rsv & Rsv.RSV1) !== 0)
  if (marked !== undefined) t.fail('RSV1 only on the first frame of a message', describeFrame(marked))
}

async function echoAll(
  t: Trial,
  { data, opcode = Op.TEXT, offer = DEFAULT }: Family,
  size: number,
  fragment = Infinity,
) {
  const { peer, agreement } = await openAgreed(t, offer)
  const bytes = dataSet(data)
  const messages = new Messages(bytes, size, opcode === Op.TEXT, agreement)
  const volume = t.context.long ? Infinity : Math.max(VOLUME, PASSES * bytes.length)
  const count = Math.min(MESSAGES, Math.ceil(volume / size))
  const began = performance.now()
  const before = peer.received
  let sent = 0
  for (let index = 0; index < count; index++) {
    const payload = messages.payload(index)
    sent += payload.length
    await peer.sendFrames(cutFrame({ opcode, rsv: Rsv.RSV1, payload }, fragment))
    const echo = await expectMessage(t, peer, `echo ${index + 1} of ${count}`, { size: messages.message(index).length })
    checkContinuations(t, echo)
    checkEcho(t, echo, messages.message(index), opcode)
  }
  const percent = (bytes: number): number => Math.round((1000 * bytes) / (count * size)) / 10
  t.note(
    `sent ${percent(sent)} %, received ${percent(peer.received - before)} % of ${count} × ${size} bytes` +
      ` in ${Math.round(performance.now() - began)} ms`,
  )
  t.assert(true, `${count} echoes`, `${count} echoes`)
  await expectCleanClose(t, peer)
}

/** The cases 12.* and 13.* of Autobahn, with the content of the echoes compared: `pmd.ab`. */
export const deflateVolume: Case[] = families.flatMap((family) =>
  shapes.map(
    ({ size, fragment }, index): Case => ({
      id: `pmd.ab.${family.name}.${index + 1}`,
      needs: ['pmd', 'echo'],
      limit: 1000 * LIMITS[Math.min(index, LIMITS.length - 1)],
      run: (t) => echoAll(t, family, size, fragment),
    }),
  ),
)
