import {
  type Case,
  expectFailure,
  expectFailureAfterEcho,
  expectFailureEarly,
  REFUSAL_PAUSE,
  sendInWay,
  tagsOf,
  type Way,
} from '../../script/index.ts'
import { closeBody, type FrameSpec, hex, Op, Rsv } from '../../wire/index.ts'

const HELLO = 'Hello, world!'

function refused(id: string, ...frames: FrameSpec[]): Case {
  return {
    id: `rsv.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectFailure(t, peer, [1002])
    },
  }
}

/** Makes a case with a valid text message, one with reserved bits, and a ping that must get no pong. */
function refusedAfterEcho(id: string, rsv: number, way: Way): Case {
  return {
    id: `rsv.${id}`,
    ...tagsOf(way),
    async run(t) {
      const peer = await t.open()
      const text = { opcode: Op.TEXT, payload: HELLO }
      await sendInWay(t, peer, [text, { ...text, rsv }, { opcode: Op.PING }], way, REFUSAL_PAUSE)
      await expectFailureAfterEcho(t, peer, HELLO, [1002])
    },
  }
}

/** Makes one case for each type of frame, with a single reserved bit. */
function withBit(name: string, rsv: number): Case[] {
  return [
    refused(`text-${name}`, { opcode: Op.TEXT, rsv, payload: HELLO }),
    refused(`binary-${name}`, { opcode: Op.BINARY, rsv, payload: hex('00 FF FE FD FC FB 00 FF') }),
    refused(`ping-${name}`, { opcode: Op.PING, rsv }),
    refused(`pong-${name}`, { opcode: Op.PONG, rsv }),
    refused(`close-${name}`, { opcode: Op.CLOSE, rsv, payload: closeBody(1000) }),
    refused(
      `continuation-${name}`,
      { opcode: Op.TEXT, payload: 'Hel', fin: false },
      { opcode: Op.CONT, rsv, payload: 'lo' },
    ),
  ]
}

/** Reserved bits without an extension (RFC 6455 §5.2): `rsv`. */
export const reservedBits: Case[] = [
  ...withBit('rsv1', Rsv.RSV1),
  ...withBit('rsv2', Rsv.RSV2),
  ...withBit('rsv3', Rsv.RSV3),
  refusedAfterEcho('text-rsv2-after-echo', Rsv.RSV2, 'whole'),
  refusedAfterEcho('text-rsv23-frames', Rsv.RSV2 | Rsv.RSV3, 'frames'),
  refusedAfterEcho('text-rsv1-octets', Rsv.RSV1, 'octets'),
  refused('binary-rsv13', {
    opcode: Op.BINARY,
    rsv: Rsv.RSV1 | Rsv.RSV3,
    payload: hex('00 FF FE FD FC FB 00 FF'),
  }),
  refused('binary-rsv12', { opcode: Op.BINARY, rsv: Rsv.RSV1 | Rsv.RSV2, payload: HELLO }),
  refused('close-all', { opcode: Op.CLOSE, rsv: 7 }),
  refused('text-all', { opcode: Op.TEXT, rsv: 7, payload: 'Hello' }),
  {
    id: 'rsv.fragment-start',
    async run(t) {
      const peer = await t.open()
      await peer.sendFrame({ opcode: Op.TEXT, rsv: Rsv.RSV1, payload: 'Hel', fin: false })
      await expectFailureEarly(t, peer, [1002], () => peer.sendFrame({ opcode: Op.CONT, payload: 'lo' }))
    },
  },
  refused(
    'ping-all-inside',
    { opcode: Op.TEXT, payload: 'Hel', fin: false },
    { opcode: Op.PING, rsv: 7 },
    { opcode: Op.CONT, payload: 'lo' },
  ),
]
