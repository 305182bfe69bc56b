import { constants, createDeflateRaw } from 'node:zlib'
import { decodeAs, sendAnswer } from '../../client/index.ts'
import type { Peer } from '../../peer/index.ts'
import {
  type Case,
  expectCleanClose,
  expectEcho,
  expectFailure,
  expectRoundTrip,
  TOO_BIG_CODES,
  type Trial,
} from '../../script/index.ts'
import { closeBody, type FrameSpec, hasParam, hex, Op, Rsv } from '../../wire/index.ts'
import { extensionsField, nextOffering, promised, skipUpgrade } from './extension.ts'

/** `Hello` compressed, then `Hello` as a reference to the first one (RFC 7692 §7.2.3.1, §7.2.3.2). */
const HELLO = hex('f248cdc9c90700')
const HELLO_AGAIN = hex('f200110000')
const MIB = 1024 * 1024
const WINDOW = 32_768

/** Accepts a client and its offer of permessage-deflate. */
async function openCompressed(t: Trial): Promise<Peer> {
  const { upgrade, offer } = await nextOffering(t)
  await sendAnswer(upgrade.peer, upgrade.request, { add: extensionsField(promised(offer)) })
  decodeAs(upgrade.peer, { clientBits: 15, clientKeepsWindow: true })
  return upgrade.peer
}

/** Like `openCompressed`, for a case that refers to earlier messages, up to the whole window. */
async function openWithWindow(t: Trial): Promise<Peer> {
  const { upgrade, offer } = await nextOffering(t)
  const forbids = hasParam(offer, 'server_no_context_takeover') || hasParam(offer, 'server_max_window_bits')
  if (forbids) await skipUpgrade(t, upgrade, 'the client limits the window of the server')
  await sendAnswer(upgrade.peer, upgrade.request, { add: extensionsField('permessage-deflate') })
  decodeAs(upgrade.peer, { clientBits: 15, clientKeepsWindow: true })
  return upgrade.peer
}

function compressed(opcode: number, payload: Uint8Array): FrameSpec {
  return { opcode, rsv: Rsv.RSV1, payload }
}

async function referBack(t: Trial): Promise<void> {
  const peer = await openWithWindow(t)
  for (const payload of [HELLO, HELLO_AGAIN]) {
    await peer.sendFrame(compressed(Op.TEXT, payload))
    await expectEcho(t, peer, 'Hello')
  }
  await expectCleanClose(t, peer)
}

/** Encodes a stored block and an empty one without its last four bytes (RFC 1951 §3.2.4, RFC 7692 §7.2.1). */
function storedPayload(bytes: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt16LE(bytes.length, 1)
  header.writeUInt16LE(~bytes.length & 0xffff, 3)
  return Buffer.concat([header, bytes, Buffer.from([0])])
}

/**
 * A fixed block with one reference, length 10, distance 32,768 (RFC 1951 §3.2.6): BFINAL 0, BTYPE 01, symbol 264 as
 * 0001000, distance code 29 as 11101, thirteen extra bits set, end of block, then an empty stored block.
 */
const FARTHEST_REFERENCE = packBits(`0 10 0001000 11101 ${'1'.repeat(13)} 0000000 000`)

/** Encodes bits in the order of their transmission, padded with zeros. */
function packBits(text: string): Buffer {
  const bits = text.replaceAll(' ', '')
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8))
  for (let index = 0; index < bits.length; index++) if (bits[index] === '1') bytes[index >> 3] |= 1 << (index & 7)
  return bytes
}

async function referFarthest(t: Trial): Promise<void> {
  const peer = await openWithWindow(t)
  const first = t.random.bytes(WINDOW)
  await peer.sendFrame(compressed(Op.BINARY, storedPayload(first)))
  await expectEcho(t, peer, first, Op.BINARY)
  await peer.sendFrame(compressed(Op.BINARY, FARTHEST_REFERENCE))
  await expectEcho(t, peer, first.subarray(0, 10), Op.BINARY)
  await expectCleanClose(t, peer)
}

const SMALL_BITS = 9

/**
 * Requests the echo of a text with repetitions beyond the agreed window. The echo must decompress with that window (RFC
 * 7692 §7.2.1).
 */
async function limitWindow(t: Trial): Promise<void> {
  const { upgrade, offer } = await nextOffering(t)
  const { peer, request } = upgrade
  if (!hasParam(offer, 'client_max_window_bits')) {
    await skipUpgrade(t, upgrade, 'the client does not offer client_max_window_bits')
  }
  const value = `${promised(offer)}; client_max_window_bits=${SMALL_BITS}`
  await sendAnswer(peer, request, { add: extensionsField(value) })
  decodeAs(peer, { clientBits: SMALL_BITS, clientKeepsWindow: true })
  const part = t.random.text(1500)
  for (let count = 0; count < 3; count++) {
    const message = await expectRoundTrip(t, peer, { payload: part.repeat(4) })
    if (!message.compressed) t.note('sends it uncompressed')
  }
  await expectCleanClose(t, peer)
}

/** Frames on which RSV1 is invalid, on connections with permessage-deflate (RFC 7692 §6.1). */
const MISUSES: readonly FrameSpec[][] = [
  [
    { opcode: Op.TEXT, payload: 'Hel', fin: false },
    { opcode: Op.CONT, payload: 'lo', rsv: Rsv.RSV1 },
  ],
  [{ opcode: Op.PING, payload: 'ping', rsv: Rsv.RSV1 }],
  [{ opcode: Op.PONG, payload: 'pong', rsv: Rsv.RSV1 }],
  [{ opcode: Op.CLOSE, payload: closeBody(1000), rsv: Rsv.RSV1 }],
]

async function misuseRsv1(t: Trial): Promise<void> {
  for (const frames of MISUSES) {
    const peer = await openCompressed(t)
    await peer.sendFrames(frames)
    await expectFailure(t, peer, [1002])
  }
}

/** Compresses zeros in pieces, so that they are never all in memory. */
async function compressZeros(size: number): Promise<Buffer> {
  const deflate = createDeflateRaw({ level: 9 })
  const parts: Buffer[] = []
  deflate.on('data', (part: Buffer) => parts.push(part))
  const piece = Buffer.alloc(MIB)
  for (let written = 0; written < size; written += piece.length) {
    await new Promise<void>((resolve) => deflate.write(piece, () => resolve()))
  }
  await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()))
  deflate.destroy()
  return Buffer.concat(parts).subarray(0, -4)
}

async function sendBomb(t: Trial): Promise<void> {
  const peer = await openCompressed(t)
  await peer.sendFrame(compressed(Op.BINARY, await compressZeros(100 * MIB)))
  await expectFailure(t, peer, TOO_BIG_CODES, { timeout: 5 * t.timeout })
}

/** Compressed messages to and from a client (RFC 7692 §6, §7.2): `client.frame`. */
export const clientCompression: Case[] = [
  { id: 'client.frame.bomb', run: sendBomb },
  { id: 'client.frame.pmd-window', run: referBack },
  { id: 'client.frame.pmd-32k', run: referFarthest },
  { id: 'client.frame.pmd-agreed-window', run: limitWindow },
  { id: 'client.frame.pmd-rsv1-misuse', connections: MISUSES.length, run: misuseRsv1 },
]
