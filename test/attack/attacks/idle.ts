import { constants, deflateRawSync } from 'node:zlib'
import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, formatKib } from '../finding.ts'
import { OFFER, untilStable, warmUp } from '../fresh-echo.ts'
import { isOverHttp2, Target } from '../target.ts'

const CONNECTIONS = 2_000

/** Attack D: the memory of a silent connection, and of one that has sent a compressed message. */
export async function idle(): Promise<Finding[]> {
  const own = await costOf(await Target.echo())
  const other = await costOf(await Target.ws())
  const bound = (bytes: number): string => `< ${formatKib(bytes)} (npm ws${isOverHttp2 ? ' over TLS' : ''})`
  return [
    finding('D  idle connection', formatKib(own.idle), bound(other.idle), own.idle < other.idle),
    finding('D  … after a compressed message', formatKib(own.used), bound(other.used), own.used < other.used),
  ]
}

async function costOf(target: Target): Promise<{ idle: number; used: number }> {
  const clients: RawClient[] = []
  const openMany = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 100) {
      const some = Array.from({ length: 100 }, () => RawClient.open(target.port, { headers: OFFER }))
      clients.push(...(await Promise.all(some)))
    }
  }
  try {
    await warmUp(target)
    // The memory of the first connections includes what all connections share.
    await openMany(300)
    await untilStable(target)
    const empty = target.resident
    await openMany(CONNECTIONS)
    await untilStable(target)
    const idle = target.resident
    const message = frame(1, compressedText(), { rsv: 4 })
    for (const client of clients) {
      client.send(message)
      await client.receive(1)
    }
    await untilStable(target)
    return { idle: (idle - empty) / CONNECTIONS, used: (target.resident - empty) / CONNECTIONS }
  } finally {
    for (const client of clients) client.socket.destroy()
    await target.stop()
  }
}

function compressedText(): Buffer {
  const text = JSON.stringify(Array.from({ length: 30 }, (_, i) => ({ id: i, name: `user ${i}` })))
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}
