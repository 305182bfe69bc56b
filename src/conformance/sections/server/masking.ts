import {
  type Case,
  expectCleanClose,
  expectEchoThenCleanClose,
  expectNoBreach,
  expectProbe,
  expectRoundTrip,
  expectServerEnd,
  inPieces,
  inPiecesTag,
  type Trial,
} from '../../script/index.ts'
import { closeBody, type FrameSpec, hex, Op } from '../../wire/index.ts'

/** Makes a case with frames that must end the connection. A Close is optional and should have 1002 (RFC 6455 §5.1). */
function refused(id: string, ...frames: FrameSpec[]): Case {
  return {
    id: `mask.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectServerEnd(t, peer, [1002])
    },
  }
}

function unmasked(opcode: number, payload: string | Uint8Array = ''): FrameSpec {
  return { opcode, payload, mask: false }
}

async function refuseAfterGood(t: Trial): Promise<void> {
  const peer = await t.open()
  await expectRoundTrip(t, peer, { payload: 'masked' })
  await peer.sendFrame(unmasked(Op.TEXT, 'Hello'))
  await expectServerEnd(t, peer, [1002])
}

const breaches: Case[] = [
  refused('unmasked-text', unmasked(Op.TEXT, 'Hello')),
  refused('unmasked-binary', unmasked(Op.BINARY, hex('00 01 02 03 04'))),
  refused('unmasked-text-empty', unmasked(Op.TEXT)),
  refused('unmasked-text-126', unmasked(Op.TEXT, '*'.repeat(126))),
  refused('unmasked-text-65536', unmasked(Op.TEXT, '*'.repeat(65536))),
  refused('unmasked-ping', unmasked(Op.PING)),
  refused('unmasked-ping-data', unmasked(Op.PING, 'Hello')),
  refused('unmasked-pong', unmasked(Op.PONG)),
  refused('unmasked-close', unmasked(Op.CLOSE, closeBody(1000))),
  refused('unmasked-close-empty', unmasked(Op.CLOSE)),
  refused('unmasked-continuation', { opcode: Op.TEXT, payload: 'Hel', fin: false }, unmasked(Op.CONT, 'lo')),
  refused('unmasked-first-fragment', { ...unmasked(Op.TEXT, 'Hel'), fin: false }, { opcode: Op.CONT, payload: 'lo' }),
  { id: 'mask.unmasked-after-good', run: refuseAfterGood },
  refused('unmasked-then-ping', unmasked(Op.TEXT, 'Hello'), { opcode: Op.PING, payload: 'after' }),
]

/** Makes a case with the text message `Hello` and this masking key. */
function underKey(id: string, key: string): Case {
  return {
    id: `mask.${id}`,
    async run(t) {
      const frames = [{ opcode: Op.TEXT, payload: 'Hello', mask: hex(key) }]
      await expectEchoThenCleanClose(t, await t.open(), { payload: 'Hello', frames })
    },
  }
}

async function useOneKey(t: Trial): Promise<void> {
  const peer = await t.open()
  const mask = t.random.bytes(4)
  for (let index = 0; index < 50; index++) {
    const payload = t.random.text(index + 1)
    await expectRoundTrip(t, peer, { payload, frames: [{ opcode: Op.TEXT, payload, mask }] })
  }
  await expectCleanClose(t, peer)
}

async function maskToZeros(t: Trial): Promise<void> {
  const mask = t.random.bytes(4)
  const payload = Buffer.concat(Array.from({ length: 25 }, () => mask))
  const opcode = Op.BINARY
  await expectEchoThenCleanClose(t, await t.open(), { opcode, payload, frames: [{ opcode, payload, mask }] })
}

/** Sends messages of every length, or pings to a target that does not echo. */
async function unmaskEveryLength(t: Trial): Promise<void> {
  const peer = await t.open()
  for (let length = 0; length <= 67; length++) {
    const payload = t.random.bytes(length)
    if (t.context.capabilities.echo) await expectRoundTrip(t, peer, { opcode: Op.BINARY, payload })
    else {
      await peer.sendPing(payload)
      await peer.expectPong(payload)
    }
  }
  await expectCleanClose(t, peer)
}

async function keepPhase(t: Trial): Promise<void> {
  const chop = inPieces(t, [1, 2, 3, 5, 7, 11, 13])
  await expectEchoThenCleanClose(t, await t.open(), { opcode: Op.BINARY, payload: t.random.bytes(10_007), chop })
}

async function restartPhase(t: Trial): Promise<void> {
  const parts = [1, 2, 3, 5, 7].map((length) => t.random.bytes(length))
  const frames = parts.map((payload, index) => ({
    opcode: index === 0 ? Op.BINARY : Op.CONT,
    payload,
    fin: index === parts.length - 1,
  }))
  await expectEchoThenCleanClose(t, await t.open(), { opcode: Op.BINARY, payload: Buffer.concat(parts), frames })
}

async function splitKey(t: Trial): Promise<void> {
  const chop = inPieces(t, [2, 1, 1, 1, 1, 5])
  await expectEchoThenCleanClose(t, await t.open(), { payload: 'Hello', chop })
}

async function unmaskPing(t: Trial): Promise<void> {
  const peer = await t.open()
  const payload = t.random.bytes(125)
  await peer.sendPing(payload)
  await peer.expectPong(payload)
  await expectCleanClose(t, peer)
}

/** The key begins with the bytes of the code, so that the masked code is 0. */
async function unmaskClose(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame({ opcode: Op.CLOSE, payload: closeBody(1000), mask: hex('03 E8 03 E8') })
  await expectCleanClose(t, peer, { sent: true, strict: true })
}

/** Checks every frame of the run. The case also causes frames, so that it can run alone. */
async function seeNoMask(t: Trial): Promise<void> {
  await expectProbe(t, await t.open())
  expectNoBreach(t, 'inv.not-masked')
}

/** Masking (RFC 6455 §5.1, §5.3): `mask`. */
export const masking: Case[] = [
  ...breaches,
  underKey('key-zero', '00000000'),
  underKey('key-ff', 'ffffffff'),
  { id: 'mask.key-same', run: useOneKey },
  { id: 'mask.key-equals-payload', run: maskToZeros },
  { id: 'mask.alignment', run: unmaskEveryLength },
  { id: 'mask.phase-across-segments', phase: 'alone', ...inPiecesTag, run: keepPhase },
  { id: 'mask.phase-restarts', run: restartPhase },
  { id: 'mask.key-split', phase: 'alone', ...inPiecesTag, run: splitKey },
  { id: 'mask.ping-payload', run: unmaskPing },
  { id: 'mask.close-payload', run: unmaskClose },
  { id: 'mask.server-never', phase: 'after', run: seeNoMask },
]
