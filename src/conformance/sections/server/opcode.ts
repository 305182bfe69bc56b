import {
  type Case,
  expectFailure,
  expectFailureAfterEcho,
  expectFailureEarly,
  REFUSAL_PAUSE,
  sendInWay,
  type Trial,
  tagsOf,
  type Way,
} from '../../script/index.ts'
import { type FrameSpec, Op } from '../../wire/index.ts'

const HELLO = 'Hello, world!'
const PAYLOAD = 'reserved opcode payload'
const RESERVED = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]

function refused(id: string, ...frames: FrameSpec[]): Case {
  return {
    id: `op.${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames(frames)
      await expectFailure(t, peer, [1002])
    },
  }
}

/** Makes a case with a valid text message, a reserved opcode, and a ping that must get no pong. */
function refusedAfterEcho(opcode: number, name: string, payload: string, way: Way): Case {
  return {
    id: `op.${opcode}-${name}`,
    ...tagsOf(way),
    async run(t) {
      const peer = await t.open()
      await sendInWay(
        t,
        peer,
        [{ opcode: Op.TEXT, payload: HELLO }, { opcode, payload }, { opcode: Op.PING }],
        way,
        REFUSAL_PAUSE,
      )
      await expectFailureAfterEcho(t, peer, HELLO, [1002])
    },
  }
}

/** Makes a case with a complete frame, so that the server need not wait for more. */
function refusedUnfinished(opcode: number): Case {
  return {
    id: `op.${opcode}-nofin`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrame({ opcode, payload: 'a', fin: false })
      await expectFailureEarly(t, peer, [1002], () => peer.sendFrame({ opcode: Op.CONT, payload: 'b' }))
    },
  }
}

function refusedInside(opcode: number): Case {
  return refused(
    `${opcode}-inside`,
    { opcode: Op.TEXT, payload: 'a', fin: false },
    { opcode },
    { opcode: Op.CONT, payload: 'b' },
  )
}

async function announce64k(t: Trial): Promise<void> {
  const peer = await t.open()
  const payload = Buffer.alloc(65536, 0x2a)
  const mask = t.random.bytes(4)
  const bytes = peer.frameBytes({ opcode: 3, payload, mask })
  const header = bytes.length - payload.length
  await peer.sendBytes(bytes.subarray(0, header))
  await expectFailureEarly(t, peer, [1002], () => peer.sendBytes(bytes.subarray(header)))
}

/** Reserved opcodes (RFC 6455 §5.2): `op`. */
export const reservedOpcodes: Case[] = [
  refused('3-empty', { opcode: 3 }),
  refused('4-data', { opcode: 4, payload: PAYLOAD }),
  refusedAfterEcho(5, 'after-echo', '', 'whole'),
  refusedAfterEcho(6, 'after-echo', HELLO, 'whole'),
  refusedAfterEcho(7, 'octets', HELLO, 'octets'),
  refused('11-empty', { opcode: 11 }),
  refused('12-data', { opcode: 12, payload: PAYLOAD }),
  refusedAfterEcho(13, 'after-echo', '', 'whole'),
  refusedAfterEcho(14, 'after-echo', HELLO, 'whole'),
  refusedAfterEcho(15, 'octets', HELLO, 'octets'),
  ...RESERVED.map(refusedUnfinished),
  refusedInside(3),
  refusedInside(11),
  refused('11-126', { opcode: 11, payload: '*'.repeat(126) }),
  { id: 'op.3-64k-header', run: announce64k },
]
