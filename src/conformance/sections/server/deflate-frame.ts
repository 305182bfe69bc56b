import {
  type Case,
  checkEcho,
  compressedFrames,
  expectCleanClose,
  expectEcho,
  expectEchoThenCleanClose,
  expectFailure,
  expectMessage,
  expectRoundTrip,
  HELLO,
  linkedCase,
  needEcho,
  offerExtensions,
  openCompressed,
  type Trial,
} from '../../script/index.ts'
import { agreementOf, closeBody, type FrameSpec, Op, PMD, Rsv } from '../../wire/index.ts'

/** Makes a case with invalid frames. The connection must fail without a reply (RFC 7692 §6.1). */
function failing(id: string, ...frames: FrameSpec[]): Case {
  return linkedCase(`pmd.frame.${id}`, async (t, { peer }) => {
    await peer.sendFrames(frames)
    await expectFailure(t, peer, [1002])
  })
}

/** Sends messages of several kinds, so that there is traffic even if no other case runs. */
async function exchange(t: Trial): Promise<void> {
  const { peer, deflater } = await openCompressed(t)
  const text = 'A text that is long enough to be worth the work of compressing it. '.repeat(64)
  await expectRoundTrip(t, peer, {
    payload: text,
    frames: compressedFrames(Op.TEXT, deflater.deflate(Buffer.from(text)), 50),
  })
  await expectRoundTrip(t, peer, { payload: text })
  await expectRoundTrip(t, peer, { opcode: Op.BINARY, payload: t.random.bytes(2000) })
  await peer.sendPing('between')
  await peer.expectPong(Buffer.from('between'))
  await expectEchoThenCleanClose(t, peer, { payload: text })
}

/** Makes a passive case: it causes traffic, then checks what was seen on all connections. */
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
  linkedCase('pmd.frame.rsv1-off', (t, { peer }) => expectEchoThenCleanClose(t, peer, { payload: 'Hello' })),
  linkedCase('pmd.frame.mixed', async (t, { peer }) => {
    await expectRoundTrip(t, peer, { payload: 'Hello', frames: compressedFrames(Op.TEXT, HELLO) })
    await expectRoundTrip(t, peer, { payload: 'Hello' })
    await expectEchoThenCleanClose(t, peer, { payload: 'Hello', frames: compressedFrames(Op.TEXT, HELLO) })
  }),
  linkedCase('pmd.frame.frag-each-point', async (t, { peer }) => {
    for (let cut = 0; cut <= HELLO.length; cut++) {
      const frames: FrameSpec[] = [
        { opcode: Op.TEXT, rsv: Rsv.RSV1, fin: false, payload: HELLO.subarray(0, cut) },
        { opcode: Op.CONT, payload: HELLO.subarray(cut) },
      ]
      await expectRoundTrip(t, peer, { payload: 'Hello', frames })
    }
    await expectCleanClose(t, peer)
  }),
  linkedCase('pmd.frame.frag-1-byte', (t, { peer }) =>
    expectEchoThenCleanClose(t, peer, { payload: 'Hello', frames: compressedFrames(Op.TEXT, HELLO, 1) }),
  ),
  linkedCase('pmd.frame.ping-between', async (t, { peer }) => {
    needEcho(t)
    const [first, second] = compressedFrames(Op.TEXT, HELLO, 3, 4)
    await peer.sendFrames([first, { opcode: Op.PING, payload: 'between' }, second])
    const pong = await peer.expectPong(Buffer.from('between'))
    t.assert(pong.rsv === 0, 'a pong without reserved bits', `reserved bits ${pong.rsv}`)
    await expectEcho(t, peer, 'Hello')
    await expectCleanClose(t, peer)
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
  linkedCase('pmd.frame.rsv1-close', async (t, { peer }) => {
    // An endpoint that accepts this Close replies with its code, which is not 1002.
    await peer.sendFrame({ opcode: Op.CLOSE, rsv: Rsv.RSV1, payload: closeBody(1000) })
    await expectFailure(t, peer, [1002])
  }),
  failing('rsv2', { opcode: Op.TEXT, rsv: Rsv.RSV1 | Rsv.RSV2, payload: HELLO }),
  failing('rsv3', { opcode: Op.TEXT, rsv: Rsv.RSV1 | Rsv.RSV3, payload: HELLO }),
  {
    id: 'pmd.frame.not-negotiated',
    needs: ['pmd'],
    async run(t: Trial) {
      const { response, peer } = await offerExtensions(t, `${PMD}; x-conf`)
      // `pmd.neg.bad-unknown-param` judges these responses.
      if (response?.status !== 101) t.skip('the target refused the request because of the invalid offer')
      if (agreementOf(response) !== null) t.skip('the target accepted an invalid offer')
      await peer.sendFrame({ opcode: Op.TEXT, rsv: Rsv.RSV1, payload: HELLO })
      await expectFailure(t, peer, [1002])
    },
  },
  passive('server-rsv1', 'RSV1 only on the first frame of a message'),
  passive('server-decodes', 'compressed messages that can be decompressed'),
  linkedCase('pmd.frame.echo-compressed', async (t, { peer, deflater }) => {
    needEcho(t)
    const text = Buffer.from('the same words again and again, '.repeat(512))
    await peer.sendFrames(compressedFrames(Op.TEXT, deflater.deflate(text)))
    const before = peer.received
    const message = await expectMessage(t, peer, 'the echo', { size: text.length })
    checkEcho(t, message, text)
    const ratio = Math.round((1000 * (peer.received - before)) / text.length) / 10
    t.observe('pmd_echo', message.compressed ? `compressed to ${ratio} %` : 'not compressed')
    await expectCleanClose(t, peer)
  }),
  linkedCase('pmd.frame.binary', async (t, { peer, deflater }) => {
    const bytes = Buffer.concat([t.random.bytes(500), Buffer.alloc(500, 7)])
    const frames = compressedFrames(Op.BINARY, deflater.deflate(bytes))
    await expectEchoThenCleanClose(t, peer, { opcode: Op.BINARY, payload: bytes, frames })
  }),
]
