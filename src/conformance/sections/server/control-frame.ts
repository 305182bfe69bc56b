import type { Peer } from '../../peer/index.ts'
import { type Case, expectFailure, expectFailureEarly, type Trial } from '../../script/index.ts'
import { closeBody, type FrameSpec, Op } from '../../wire/index.ts'

function refused(id: string, ...frames: FrameSpec[]): Case {
  return {
    id: `ctl.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectFailure(t, peer, [1002])
    },
  }
}

/** Makes a case whose first part is a violation. The rest is sent only when the server waits for it. */
function refusedEarly(id: string, first: FrameSpec, rest: (peer: Peer) => Promise<void>): Case {
  return {
    id: `ctl.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrame(first)
      await expectFailureEarly(t, peer, [1002], () => rest(peer))
    },
  }
}

/** The payload never comes. No sentence says that a server must refuse the frame before. */
async function announceHugePing(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrame({ opcode: Op.PING, length: 2n ** 40n })
  const event = await peer.nextMeaningful()
  if (event === null) return t.note('waits for the payload')
  peer.unshift(event)
  await expectFailure(t, peer, [1002, 1009])
}

const CLEAR_KEY = Buffer.alloc(4)
const LONG = Buffer.alloc(126, 0xfe)

/** Size and fragmentation of control frames (RFC 6455 §5.5): `ctl`. */
export const controlFrames: Case[] = [
  refused('ping-126', { opcode: Op.PING, payload: LONG }),
  refused('pong-126', { opcode: Op.PONG, payload: LONG }),
  refused('ping-65536', { opcode: Op.PING, payload: Buffer.alloc(65536, 0xfe) }),
  refusedEarly('ping-126-header', { opcode: Op.PING, length: LONG.length, mask: CLEAR_KEY }, (peer) =>
    peer.sendBytes(LONG),
  ),
  { id: 'ctl.ping-huge-header', run: announceHugePing },
  refused(
    'ping-fragmented',
    { opcode: Op.PING, payload: 'fragment1', fin: false },
    { opcode: Op.CONT, payload: 'fragment2' },
  ),
  refused(
    'pong-fragmented',
    { opcode: Op.PONG, payload: 'fragment1', fin: false },
    { opcode: Op.CONT, payload: 'fragment2' },
  ),
  refused(
    'close-fragmented',
    { opcode: Op.CLOSE, payload: closeBody(1000), fin: false },
    { opcode: Op.CONT, payload: 'ok' },
  ),
  refusedEarly('ping-nofin-alone', { opcode: Op.PING, fin: false }, (peer) => peer.sendFrame({ opcode: Op.CONT })),
  refusedEarly('close-nofin-alone', { opcode: Op.CLOSE, payload: closeBody(1000), fin: false }, (peer) =>
    peer.sendFrame({ opcode: Op.CONT }),
  ),
  refused('ping-nofin-inside', { opcode: Op.TEXT, payload: 'a', fin: false }, { opcode: Op.PING, fin: false }),
]
