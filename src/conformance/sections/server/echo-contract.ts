import {
  type Case,
  expectCleanClose,
  expectEchoThenCleanClose,
  expectRoundTrip,
  type Trial,
} from '../../script/index.ts'
import { type FrameSpec, Op } from '../../wire/index.ts'

/** Fragments a long text as a client with automatic fragmentation does. */
async function sendFragmented(t: Trial, size: number): Promise<void> {
  const payload = '*'.repeat(65536)
  const frames: FrameSpec[] = []
  for (let at = 0; at < payload.length; at += size) {
    const isLast = at + size >= payload.length
    frames.push({ opcode: at === 0 ? Op.TEXT : Op.CONT, payload: payload.slice(at, at + size), fin: isLast })
  }
  await expectEchoThenCleanClose(t, await t.open(), { payload, frames })
}

async function describeFraming(t: Trial): Promise<void> {
  const peer = await t.open()
  const payload = Buffer.alloc(Math.min(1024 * 1024, t.context.maxMessage), 0xfe)
  const { frames } = await expectRoundTrip(t, peer, { opcode: Op.BINARY, payload })
  const sizes = frames.map(({ payload }) => payload.length)
  t.observe('echo_frames_of_1_mib', { count: frames.length, smallest: Math.min(...sizes), largest: Math.max(...sizes) })
  await expectCleanClose(t, peer)
}

async function keepType(t: Trial): Promise<void> {
  const peer = await t.open()
  await expectRoundTrip(t, peer, { payload: 'text' })
  await expectRoundTrip(t, peer, { opcode: Op.BINARY, payload: 'binary' })
  await expectCleanClose(t, peer)
}

/** Properties of an echo (RFC 6455 §6): `misc`. */
export const echoContract: Case[] = [
  { id: 'misc.auto-fragment-1300', run: (t) => sendFragmented(t, 1300) },
  { id: 'misc.server-fragments', run: describeFraming },
  { id: 'misc.echo-type', run: keepType },
]
