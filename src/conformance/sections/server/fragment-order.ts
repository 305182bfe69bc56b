import {
  allowPong,
  type Case,
  expectFailure,
  expectFailureAfterEcho,
  expectFailureEarly,
  expectRoundTrip,
  REFUSAL_PAUSE,
  sendInWay,
  type Trial,
  tagsOf,
  type Way,
} from '../../script/index.ts'
import { type FrameSpec, Op } from '../../wire/index.ts'

const HELLO = 'Hello, world!'
const TWO: readonly FrameSpec[] = [
  { opcode: Op.TEXT, payload: 'fragment1', fin: false },
  { opcode: Op.CONT, payload: 'fragment2' },
]

/** Returns a continuation outside a message. */
function orphan(fin: boolean, payload = 'non-continuation payload'): FrameSpec {
  return { opcode: Op.CONT, payload, fin }
}

function text(payload = HELLO): FrameSpec {
  return { opcode: Op.TEXT, payload }
}

function refused(id: string, frames: readonly FrameSpec[], way: Way = 'whole'): Case {
  return {
    id: `frag.${id}`,
    ...tagsOf(way),
    async run(t) {
      const peer = await t.open()
      await sendInWay(t, peer, frames, way, REFUSAL_PAUSE)
      await expectFailure(t, peer, [1002])
    },
  }
}

async function refuseAfterMessage(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames([...TWO, orphan(false), text()])
  await expectFailureAfterEcho(t, peer, 'fragment1fragment2', [1002])
}

async function refuseAfterUnfragmented(t: Trial): Promise<void> {
  const peer = await t.open()
  await expectRoundTrip(t, peer, { payload: HELLO })
  await peer.sendFrame(orphan(true))
  await expectFailure(t, peer, [1002])
}

async function refuseAfterPing(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames([{ opcode: Op.PING }, orphan(true, '')])
  await expectFailure(t, peer, [1002], { allowed: allowPong })
}

async function refuseEmptyUnfinished(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame(orphan(false, ''))
  await expectFailureEarly(t, peer, [1002], () => peer.sendFrame(orphan(true, '')))
}

const twice = (frames: FrameSpec[]): FrameSpec[] => [...frames, ...frames]

/** Fragments in an invalid order (RFC 6455 §5.4): `frag`. */
export const fragmentOrder: Case[] = [
  ...[true, false].flatMap((fin): Case[] => [
    refused(`orphan-fin${Number(fin)}`, [orphan(fin), text()]),
    refused(`orphan-fin${Number(fin)}-frames`, [orphan(fin), text()], 'frames'),
    refused(`orphan-fin${Number(fin)}-octets`, [orphan(fin), text()], 'octets'),
    refused(`orphan-fin${Number(fin)}-x2`, twice([orphan(fin), ...TWO])),
  ]),
  { id: 'frag.orphan-after-message', run: refuseAfterMessage },
  refused('text-inside-text', [TWO[0], text('fragment2')]),
  refused('binary-inside-text', [TWO[0], { opcode: Op.BINARY, payload: 'fragment2' }]),
  refused('text-inside-binary', [
    { opcode: Op.BINARY, payload: 'fragment1', fin: false },
    { ...text('fragment2'), fin: false },
  ]),
  refused('interleaved', [
    { opcode: Op.TEXT, payload: 'text1', fin: false },
    { opcode: Op.BINARY, payload: 'binary1', fin: false },
    orphan(false, 'text2'),
    orphan(true, 'text3'),
    orphan(true, 'binary2'),
  ]),
  refused('orphan-empty', [orphan(true, '')]),
  { id: 'frag.orphan-empty-nofin', run: refuseEmptyUnfinished },
  { id: 'frag.orphan-after-unfragmented', run: refuseAfterUnfragmented },
  { id: 'frag.orphan-after-ping', run: refuseAfterPing },
]
