import { deflateSync, gzipSync } from 'node:zlib'
import { describeInbound } from '../../peer/index.ts'
import {
  allowPong,
  type Case,
  compressedFrames,
  expectFailure,
  HELLO,
  HELLO_AGAIN,
  linkedCase,
} from '../../script/index.ts'
import { BlockWriter, hex, Op } from '../../wire/index.ts'

/** Payloads that are not DEFLATE data (RFC 1951 §3.2). */
const undecodable: Record<string, () => Buffer> = {
  'bad-btype3': () => hex('06'),
  'bad-garbage': () => Buffer.alloc(16, 0xff),
  'bad-len-mismatch': () => hex('000500000048656c6c6f00'),
  'bad-distance': () => HELLO_AGAIN,
  'bad-bad-tree': overSubscribed,
  'bad-zlib-header': () => deflateSync('Hello'),
  'bad-gzip-header': () => gzipSync('Hello'),
  'bad-symbol-286': () => new BlockWriter().fixed([0x48, { symbol: 286 }]).payload(),
}

/** Returns a dynamic block in which all 19 code lengths have a code of one bit, although only two such codes exist. */
function overSubscribed(): Buffer {
  const block = new BlockWriter().bits(0b100, 3).bits(0, 5).bits(0, 5).bits(15, 4)
  for (let count = 0; count < 19; count++) block.bits(1, 3)
  return block.payload()
}

/** Makes a case with compressed text that is not UTF-8, in fragments of `size` bytes (RFC 7692 §6.1, RFC 6455 §8.1). */
function badText(id: string, text: string, ...sizes: number[]): Case {
  return linkedCase(`pmd.data.${id}`, async (t, { peer, deflater }) => {
    await peer.sendFrames(compressedFrames(Op.TEXT, deflater.deflate(hex(text)), ...sizes))
    await expectFailure(t, peer, [1007])
  })
}

/** Compressed data that must fail the connection (RFC 7692 §7.2.2): the rest of `pmd.data`. */
export const deflateBroken: Case[] = [
  ...Object.entries(undecodable).map(([id, payload]) =>
    linkedCase(`pmd.data.${id}`, async (t, { peer }) => {
      await peer.sendFrames(compressedFrames(Op.TEXT, payload()))
      await expectFailure(t, peer, [1007, 1002])
    }),
  ),
  linkedCase('pmd.data.bad-truncated', async (t, { peer }) => {
    await peer.sendFrames(compressedFrames(Op.TEXT, HELLO.subarray(0, 3)))
    t.note(describeInbound(await peer.nextMeaningful(), t.timeout))
  }),
  linkedCase('pmd.data.bad-then-dead', async (t, { peer }) => {
    await peer.sendFrames([
      ...compressedFrames(Op.TEXT, hex('06')),
      { opcode: Op.PING, payload: 'after' },
      ...compressedFrames(Op.TEXT, HELLO),
    ])
    // A target may answer control frames while it decompresses a message.
    await expectFailure(t, peer, [1007, 1002], { allowed: allowPong })
  }),
  badText('utf8-bad', '61ff'),
  badText('utf8-bad-fragmented', '61ff', 1),
  badText('utf8-incomplete', 'e282'),
]
