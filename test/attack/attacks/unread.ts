import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, formatMib, MIB } from '../finding.ts'
import { flood, onFreshEcho } from '../fresh-echo.ts'
import { isOverHttp2, type Target } from '../target.ts'

/**
 * Maximum growth of the resident memory for an unread connection, in bytes. Over HTTP/2 every DATA frame and TLS record
 * has its own buffer, and V8 frees dead buffers at any time.
 */
const GROWTH = (isOverHttp2 ? 24 : 8) * MIB

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** Attack B: pings from a peer that never reads, as many as are accepted in 20 s, at most 157 MB. */
export function unreadPings(): Promise<Finding[]> {
  return onFreshEcho(async (target, growth) => {
    const client = await RawClient.open(target.port)
    client.socket.pause()
    const pings = Buffer.concat(new Array(500).fill(frame(9, 'x'.repeat(125))))
    await Promise.race([flood(client, pings, 157e6, 5_000), sleep(20_000)])
    const accepted = client.socket.bytesWritten - client.socket.writableLength
    const grown = growth()
    const busy = await busyShare(target)
    client.socket.destroy()
    const attack = `B  pings, never read: ${megabytes(accepted)} were accepted`
    return [
      finding(attack, formatMib(grown), `< ${formatMib(GROWTH)}`, grown < GROWTH),
      finding('B  … 157 MB are not accepted in 20 s', megabytes(accepted), '< 30 MB', accepted < 30e6),
      finding('B  … CPU afterwards', `${busy.toFixed(1)} %`, '< 25 %', busy < 25),
    ]
  })
}

/** Attack C: 381 MB to echo to a peer that never reads. */
export function unreadEcho(): Promise<Finding[]> {
  return onFreshEcho(async (target, growth) => {
    const client = await RawClient.open(target.port)
    client.socket.pause()
    const accepted = await flood(client, frame(2, Buffer.alloc(64_000)), 381 * MIB, 3_000)
    const grown = growth()
    client.socket.destroy()
    const attack = `C  echo, never read: ${megabytes(accepted)} were accepted`
    return [
      finding(attack, formatMib(grown), `< ${formatMib(GROWTH)}`, grown < GROWTH),
      finding('C  … reading stops', megabytes(accepted), '< 40 MB', accepted < 40e6),
    ]
  })
}

/** Resolves to the percentage of one processor that the server uses over two seconds. */
async function busyShare(target: Target): Promise<number> {
  const before = target.cpu
  const start = performance.now()
  await sleep(2_000)
  return ((target.cpu - before) / (performance.now() - start)) * 100
}
