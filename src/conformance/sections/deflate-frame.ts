import type { Case } from '../case.ts'
import { type CompressedLink, compressedFrames, HELLO, offerExtensions, openCompressed } from '../compression.ts'
import { agreementOf, PMD } from '../extension.ts'
import type { Trial } from '../trial.ts'
import { cleanClose, echo, echoThenCleanClose, expectEcho, expectFailure, needEcho, requireAccepted } from '../verb.ts'
import { closeBody, type FrameSpec, Op, Rsv } from '../wire.ts'

/** A row on a connection with permessage-deflate in use. */
function linked(id: string, run: (t: Trial, link: CompressedLink) => Promise<void>): Case {
  return { id: `pmd.frame.${id}`, needs: ['pmd'], run: async (t) => run(t, await openCompressed(t)) }
}

/** Frames that break a rule: the connection fails, and what they hold is not answered (RFC 7692 §6.1). */
function failing(id: string, ...frames: FrameSpec[]): Case {
  return linked(id, async (t, { peer }) => {
    await peer.sendFrames(frames)
    await expectFailure(t, peer, [1002])
  })
}

/** Messages of several kinds, so that there is traffic to judge whatever else is run. */
async function exchange(t: Trial): Promise<void> {
  const { peer, deflater } = await openCompressed(t)
  const text = 'A text that is long enough to be worth the work of compressing it. '.repeat(64)
  await echo(t, peer, { payload: text, frames: compressedFrames(Op.TEXT, deflater.deflate(Buffer.from(text)), 50) })
  await echo(t, peer, { payload: text })
  await echo(t, peer, { opcode: Op.BINARY, payload: t.random.bytes(2000) })
  await peer.sendPing('between')
  await peer.expectPong(Buffer.from('between'))
  await echoThenCleanClose(t, peer, { payload: text })
}

/** A passive row: own traffic, then what was seen on all connections. */
function passive(id: string, expected: string): Case {
  return {
    id: `pmd.frame.${id}`,
    needs: ['pmd', 'echo'],
    phase: 'after',
    async run(t) {
      await exchange(t)
      const breaches = t.context.ledger.breachesOf(`pmd.frame.${id}`)
      t.assert(breaches.length === 0, expected, breaches.map(({ seenIn, detail }) => `${seenIn}: ${detail}`).join('; '))
    },
  }
}

/** Framing of compressed messages (RFC 7692 §6): `pmd.frame`. */
export const deflateFrame: Case[] = [
  linked('rsv1-off', (t, { peer }) => echoThenCleanClose(t, peer, { payload: 'Hello' })),
  linked('mixed', async (t, { peer }) => {
    await echo(t, peer, { payload: 'Hello', frames: compressedFrames(Op.TEXT, HELLO) })
    await echo(t, peer, { payload: 'Hello' })
    await echoThenCleanClose(t, peer, { payload: 'Hello', frames: compressedFrames(Op.TEXT, HELLO) })
  }),
  linked('frag-each-point', async (t, { peer }) => {
    for (let cut = 0; cut <= HELLO.length; cut++) {
      const frames: FrameSpec[] = [
        { opcode: Op.TEXT, rsv: Rsv.RSV1, fin: false, payload: HELLO.subarray(0, cut) },
        { opcode: Op.CONT, payload: HELLO.subarray(cut) },
      ]
      await echo(t, peer, { payload: 'Hello', frames })
    }
    await cleanClose(t, peer)
  }),
  linked('frag-1-byte', (t, { peer }) =>
    echoThenCleanClose(t, peer, { payload: 'Hello', frames: compressedFrames(Op.TEXT, HELLO, 1) }),
  ),
  linked('ping-between', async (t, { peer }) => {
    needEcho(t)
    const [first, second] = compressedFrames(Op.TEXT, HELLO, 3, 4)
    await peer.sendFrames([first, { opcode: Op.PING, payload: 'between' }, second])
    const pong = await peer.expectPong(Buffer.from('between'))
    t.assert(pong.rsv === 0, 'a pong without reserved bits', `reserved bits ${pong.rsv}`)
    await expectEcho(t, peer, 'Hello')
    await cleanClose(t, peer)
  }),
  failing(
    'rsv1-continuation',
    { opcode: Op.TEXT, rsv: Rsv.RSV1, fin: false, payload: HELLO.subarray(0, 3) },
    { opcode: Op.CONT, rsv: Rsv.RSV1, payload: HELLO.subarray(3) },
  ),
  failing(
    'rsv1-continuation-plain',
    { opcode: Op.TEXT, fin: false, payload: 'Hel' },
    { opcode: Op.CONT, rsv: Rsv.RSV1, payload: 'lo' },
  ),
  failing('rsv1-ping', { opcode: Op.PING, rsv: Rsv.RSV1 }),
  failing('rsv1-pong', { opcode: Op.PONG, rsv: Rsv.RSV1 }),
  linked('rsv1-close', async (t, { peer }) => {
    // An endpoint that takes this Close for a good one answers with its code, which is then not 1002.
    await peer.sendFrame({ opcode: Op.CLOSE, rsv: Rsv.RSV1, payload: closeBody(1000) })
    await expectFailure(t, peer, [1002])
  }),
  failing('rsv2', { opcode: Op.TEXT, rsv: Rsv.RSV1 | Rsv.RSV2, payload: HELLO }),
  failing('rsv3', { opcode: Op.TEXT, rsv: Rsv.RSV1 | Rsv.RSV3, payload: HELLO }),
  {
    id: 'pmd.frame.not-negotiated',
    needs: ['pmd'],
    async run(t: Trial) {
      const handshake = await offerExtensions(t, `${PMD}; x-conf`)
      requireAccepted(t, handshake)
      if (handshake.response && agreementOf(handshake.response) !== null) t.skip('the target accepted the bad offer')
      await handshake.peer.sendFrame({ opcode: Op.TEXT, rsv: Rsv.RSV1, payload: HELLO })
      await expectFailure(t, handshake.peer, [1002])
    },
  },
  passive('server-rsv1', 'RSV1 on first frames of messages only'),
  passive('server-decodes', 'compressed messages that inflate'),
  linked('echo-compressed', async (t, { peer, deflater }) => {
    needEcho(t)
    const text = Buffer.from('the same words again and again, '.repeat(512))
    await peer.sendFrames(compressedFrames(Op.TEXT, deflater.deflate(text)))
    const before = peer.received
    const message = await peer.expectMessage()
    t.assert(message.payload.equals(text), 'the same text', `${message.payload.length} bytes`, { class: 'must' })
    const ratio = Math.round((1000 * (peer.received - before)) / text.length) / 10
    t.observe('pmd_echo', message.compressed ? `compressed to ${ratio} %` : 'not compressed')
    await cleanClose(t, peer)
  }),
  linked('binary', async (t, { peer, deflater }) => {
    const bytes = Buffer.concat([t.random.bytes(500), Buffer.alloc(500, 7)])
    const frames = compressedFrames(Op.BINARY, deflater.deflate(bytes))
    await echoThenCleanClose(t, peer, { opcode: Op.BINARY, payload: bytes, frames })
  }),
]
