import {
  type Case,
  cutFrame,
  expectCleanClose,
  expectEcho,
  expectEchoThenCleanClose,
  skipIfLimited,
  type Trial,
} from '../../script/index.ts'
import { closeBody, type FrameSpec, Op } from '../../wire/index.ts'

const KIBIBYTE = 1024
/** Size in bytes of a message, below the limits of most servers. */
const SIZE = 512 * KIBIBYTE

/** Sends a ping after every eighth fragment and expects its pong before the message ends (RFC 6455 §5.5.2). */
async function pingInside(t: Trial): Promise<void> {
  const peer = await t.open()
  const payload = t.random.bytes(SIZE)
  for (const [index, frame] of cutFrame({ opcode: Op.BINARY, payload }, 8 * KIBIBYTE).entries()) {
    await peer.sendFrame(frame)
    if (index % 8 !== 7) continue
    const ping = Buffer.from(`behind fragment ${index}`)
    await peer.sendPing(ping)
    try {
      await peer.expectPong(ping)
    } catch (error) {
      skipIfLimited(t, peer)
      throw error
    }
  }
  await expectEcho(t, peer, payload, Op.BINARY)
  await expectCleanClose(t, peer)
}

/**
 * Sends code points of four bytes in fragments of an odd size, most of which end inside a code point (RFC 6455 §5.6).
 */
async function cutCharacters(t: Trial): Promise<void> {
  const payload = Buffer.from('😀'.repeat(SIZE / 4))
  const frames = cutFrame({ opcode: Op.TEXT, payload }, 4 * KIBIBYTE + 3)
  await expectEchoThenCleanClose(t, await t.open(), { opcode: Op.TEXT, payload, frames })
}

/**
 * Each fragment is one byte longer than all before it together, so a buffer that doubles its size becomes too short
 * each time (RFC 6455 §5.4).
 */
async function growFragments(t: Trial): Promise<void> {
  const payload = t.random.bytes(SIZE - 1)
  const frames: FrameSpec[] = []
  for (let size = 1, at = 0; at < payload.length; at += size, size *= 2) {
    const end = at + size
    frames.push({
      opcode: at === 0 ? Op.BINARY : Op.CONT,
      payload: payload.subarray(at, end),
      fin: end >= payload.length,
    })
  }
  await expectEchoThenCleanClose(t, await t.open(), { opcode: Op.BINARY, payload, frames })
}

/** Sends a Close inside a message. Expects a Close in reply and no echo (RFC 6455 §5.5.1). */
async function closeInside(t: Trial): Promise<void> {
  const peer = await t.open()
  const payload = t.random.bytes(SIZE)
  const begun = cutFrame({ opcode: Op.BINARY, payload }, 8 * KIBIBYTE).slice(0, 32)
  await peer.sendFrames([...begun, { opcode: Op.CLOSE, payload: closeBody(1000) }])
  const event = await peer.nextMeaningful()
  skipIfLimited(t, peer)
  if (event !== null) peer.unshift(event)
  await expectCleanClose(t, peer, { sent: true, strict: true, codes: [1000, 1002] })
}

/** Messages in many fragments, which a server may process as a stream (RFC 6455 §5.4): `frag`. */
export const longMessages: Case[] = [
  { id: 'frag.long-ping-inside', needs: ['echo'], run: pingInside },
  { id: 'frag.long-cut-characters', needs: ['echo'], run: cutCharacters },
  { id: 'frag.long-growing', needs: ['echo'], run: growFragments },
  { id: 'frag.long-close-inside', run: closeInside },
]
