import { constants, deflateRawSync } from 'node:zlib'
import { describeInbound, type Inbound } from '../../peer/index.ts'
import {
  type Case,
  compressedFrames,
  expectAlive,
  loadTimeout,
  openCompressed,
  type Trial,
} from '../../script/index.ts'
import { Op, PMD, TAIL } from '../../wire/index.ts'
import { findLimit } from './message-limit.ts'

const MIB = 1024 * 1024
/** How many timeouts of a load a server without native code may need for 100 MiB. */
const BOMB_PATIENCE = 3

/** Compresses this many zeros into the payload of one message, which has about a thousandth of their size. */
function bomb(size: number): Buffer {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, level: 9 }
  const whole = deflateRawSync(Buffer.alloc(MIB), options)
  const rest = deflateRawSync(Buffer.alloc(size % MIB), options)
  const pieces = Array.from({ length: Math.floor(size / MIB) }, () => whole)
  return Buffer.concat([...pieces, ...(size % MIB > 0 ? [rest] : [])]).subarray(0, -TAIL.length)
}

/**
 * Returns whether a message was refused: by a Close with any code (1009 is the right one), or by the end alone (RFC
 * 6455 §7.4.1).
 */
function isRefusal(event: Inbound | null): boolean {
  return event?.kind === 'close' || event?.kind === 'end'
}

function isWholeEcho(event: Inbound | null, size: number): boolean {
  if (event?.kind !== 'message' || event.message.opcode !== Op.BINARY) return false
  const { payload } = event.message
  return payload.length === size && payload.equals(Buffer.alloc(size))
}

/**
 * Sends a message that decompresses to a large size. It must be refused, or echoed where allowed, and the server must
 * survive (RFC 6455 §10.4).
 */
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
      const timeout = BOMB_PATIENCE * loadTimeout(t)
      const event = await peer.nextMeaningful(timeout)
      const shown = describeInbound(event, timeout)
      const good = isRefusal(event) || (options.mayEcho && isWholeEcho(event, size))
      t.assert(good, options.mayEcho ? 'the whole echo, Close 1009 or the end' : 'Close 1009 or the end', shown)
      t.note(shown)
      t.release(peer)
      await expectAlive(t)
    },
  }
}

/**
 * Returns a size that is refused as an uncompressed message, or null when sizes up to `--max-message` and one byte more
 * are accepted.
 */
async function findRefusedSize(t: Trial): Promise<number | null> {
  const { refused } = await findLimit(t)
  if (refused !== null) return refused
  const size = t.context.maxMessage + 1
  const { peer } = await openCompressed(t)
  await peer.sendBinary(Buffer.alloc(size))
  const event = await peer.nextMeaningful(loadTimeout(t))
  t.release(peer)
  return isRefusal(event) ? size : null
}

/** Limits of compressed messages (RFC 6455 §10.4): `pmd.limit`. */
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
        t.note(`no limit up to ${t.context.maxMessage + 1} bytes`)
        return
      }
      const { peer } = await openCompressed(t)
      await peer.sendFrames(compressedFrames(Op.BINARY, bomb(size)))
      const event = await peer.nextMeaningful(loadTimeout(t))
      const expected = `refused like an uncompressed message of ${size} bytes`
      t.assert(isRefusal(event), expected, describeInbound(event, loadTimeout(t)))
    },
  },
  {
    id: 'pmd.limit.connections',
    needs: ['pmd'],
    phase: 'last',
    async run(t: Trial) {
      const opened = await Promise.all(Array.from({ length: 100 }, () => openCompressed(t, PMD)))
      t.note(`${opened.length} connections open`)
      await expectAlive(t)
    },
  },
]
