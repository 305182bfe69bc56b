import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, MIB } from '../finding.ts'
import { flood, OFFER } from '../fresh-echo.ts'
import { memoryFinding, pinnedBy } from '../pinned.ts'
import { Target } from '../target.ts'

const LIMIT = 64 * MIB
/** How many bytes may be read before the limit is enforced: the limit, an eighth of it, and one chunk. */
const STATED = LIMIT * 1.125 + MIB

/**
 * Attack L: empty messages wait behind a large message that is being compressed, and behind those of a hundred other
 * peers.
 */
export async function waitingForCompression(): Promise<Finding[]> {
  const letters = frame(1, Buffer.from(randomBytes(MIB - 100).map((byte) => 97 + (byte & 15))))
  const grown = await pinnedBy(await Target.limitedEcho(LIMIT), async (target) => {
    const others = await openCompressed(target, 100)
    for (const other of others) other.send(letters)
    const [flooder] = await openCompressed(target, 1)
    flooder.send(letters)
    await flood(flooder, Buffer.concat(new Array(10_000).fill(frame(1))), 12e6, 5_000)
  })
  return [memoryFinding('L  empty messages behind 1 MiB that is being compressed', grown, STATED)]
}

/** Attack M: peers send messages of nearly 1 MiB that inflate to nothing, and wait for their turn. */
export async function waitingForInflation(): Promise<Finding[]> {
  const message = frame(1, emptyBlocks(MIB - 4096), { rsv: 4 })
  const grown = await pinnedBy(await Target.limitedEcho(LIMIT), async (target) => {
    const peers = await openCompressed(target, 300)
    for (const peer of peers) peer.send(message)
    await sleep(3_000)
  })
  return [memoryFinding('M  300 messages of 1 MiB that wait for inflation', grown, STATED)]
}

async function openCompressed(target: Target, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = []
  for (let i = 0; i < count; i++) {
    const client = await RawClient.open(target.port, { headers: OFFER })
    // The replies are not checked, and must not delay the attack.
    client.socket.removeAllListeners('data').resume()
    clients.push(client)
  }
  return clients
}

/** Returns empty stored blocks (RFC 1951 §3.2.4). Every 200th is a final block, after which zlib starts again. */
function emptyBlocks(size: number): Buffer {
  const blocks = Buffer.alloc(size - (size % 5) + 1)
  for (let at = 0; at + 5 <= size; at += 5) {
    blocks[at] = at % 5000 === 0 ? 1 : 0
    blocks.writeUInt16LE(0xffff, at + 3)
  }
  return blocks
}
