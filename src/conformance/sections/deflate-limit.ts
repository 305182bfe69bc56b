import { constants, deflateRawSync } from 'node:zlib'
import type { Case } from '../case.ts'
import { compressedFrames, openCompressed } from '../compression.ts'
import { PMD } from '../extension.ts'
import { TAIL } from '../inflate.ts'
import { describeInbound, type Inbound, type Peer } from '../peer.ts'
import type { Trial } from '../trial.ts'
import { alive } from '../verb.ts'
import { Op } from '../wire.ts'

const MIB = 1024 * 1024
/** How long a server may work on a bomb, in timeouts. */
const PATIENCE = 15

/** Zeros of that size as the payload of one compressed message: a thousandth of it. */
function bomb(size: number): Buffer {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, level: 9 }
  const whole = deflateRawSync(Buffer.alloc(MIB), options)
  const rest = deflateRawSync(Buffer.alloc(size % MIB), options)
  const pieces = Array.from({ length: Math.floor(size / MIB) }, () => whole)
  return Buffer.concat([...pieces, ...(size % MIB > 0 ? [rest] : [])]).subarray(0, -TAIL.length)
}

/** The answer to a message that may be too large, the end of the connection included. */
function answerTo(t: Trial, peer: Peer): Promise<Inbound | null> {
  return peer.nextMeaningful(t.timeout * PATIENCE)
}

/** Refused: a Close of any code (1009 is the one meant), or the bare end (RFC 6455 §7.4.1). */
function isRefusal(event: Inbound | null): boolean {
  return event?.kind === 'close' || event?.kind === 'end'
}

function isWholeEcho(event: Inbound | null, size: number): boolean {
  if (event?.kind !== 'message' || event.message.opcode !== Op.BINARY) return false
  const { payload } = event.message
  return payload.length === size && payload.equals(Buffer.alloc(size))
}

/** A bomb: echoed whole where that is allowed, or refused; the server lives on (RFC 6455 §10.4). */
function bombCase(id: string, size: number, options: { mayEcho: boolean; fragment?: number }): Case {
  return {
    id: `pmd.limit.bomb-${id}`,
    needs: ['pmd'],
    phase: 'last',
    tags: size > 512 * MIB ? ['slow'] : [],
    limit: 120_000,
    async run(t: Trial) {
      const { peer } = await openCompressed(t)
      if (!options.mayEcho) peer.decoder = null
      await peer.sendFrames(compressedFrames(Op.BINARY, bomb(size), ...(options.fragment ? [options.fragment] : [])))
      const event = await answerTo(t, peer)
      const shown = describeInbound(event, t.timeout * PATIENCE)
      const good = isRefusal(event) || (options.mayEcho && isWholeEcho(event, size))
      t.assert(good, options.mayEcho ? 'the whole echo, Close 1009 or the end' : 'Close 1009 or the end', shown)
      t.note(shown)
      peer.destroy()
      await alive(t)
    },
  }
}

/** Sizes at which a limit is looked for, above what `--max-message` calls usual. */
function sizesFor(t: Trial): number[] {
  return [t.context.maxMessage + 1, 4 * t.context.maxMessage + 1]
}

/** The smallest of the sizes that the server refuses as a plain message, or null. */
async function findRefusedSize(t: Trial): Promise<number | null> {
  for (const size of sizesFor(t)) {
    const { peer } = await openCompressed(t)
    await peer.sendBinary(Buffer.alloc(size))
    const event = await answerTo(t, peer)
    peer.destroy()
    if (isRefusal(event)) return size
  }
  return null
}

/** Limits on what compressed messages cost (RFC 6455 §10.4): `pmd.limit`. */
export const deflateLimit: Case[] = [
  bombCase('100m', 100 * MIB, { mayEcho: true }),
  bombCase('1g', 1024 * MIB, { mayEcho: false }),
  bombCase('fragments', 100 * MIB, { mayEcho: true, fragment: 1 }),
  {
    id: 'pmd.limit.same-limit',
    needs: ['pmd', 'echo'],
    phase: 'last',
    async run(t: Trial) {
      const size = await findRefusedSize(t)
      if (size === null) {
        t.note(`no limit up to ${sizesFor(t).at(-1)} bytes`)
        return
      }
      const { peer } = await openCompressed(t)
      await peer.sendFrames(compressedFrames(Op.BINARY, bomb(size)))
      const event = await answerTo(t, peer)
      const expected = `refused like a plain message of ${size} bytes`
      t.assert(isRefusal(event), expected, describeInbound(event, t.timeout * PATIENCE))
    },
  },
  {
    id: 'pmd.limit.connections',
    needs: ['pmd'],
    phase: 'last',
    async run(t: Trial) {
      const opened = await Promise.all(Array.from({ length: 100 }, () => openCompressed(t, PMD)))
      t.note(`${opened.length} connections open`)
      await alive(t)
    },
  },
]
