import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding } from '../finding.ts'
import { onFreshEcho } from '../fresh-echo.ts'
import type { Target } from '../target.ts'

const PEER = fileURLToPath(new URL('../flood-peer.ts', import.meta.url))
/**
 * Maximum processor time of the server's event loop, in milliseconds, within a round trip of another peer (99th
 * percentile). On a machine with a free processor this is the time of the round trip. It does not grow when the machine
 * is busy.
 */
const BOUND = 20

const begun = frame(1, 'a', { fin: false })
const pieces = (payload: string): Buffer =>
  Buffer.concat([begun, ...new Array(50_000).fill(frame(0, payload, { fin: false })), frame(0)])
const compressed = (size: number): Buffer => frame(2, expensivePayload(size), { rsv: 4 })

const floods: readonly [string, Buffer, boolean?][] = [
  ['empty texts', frame(1)],
  ['texts of 1 byte', frame(1, 'x')],
  ['binary messages of 10 bytes', frame(2, Buffer.alloc(10))],
  ['texts of 50 é', frame(1, 'é'.repeat(50))],
  ['pongs of 125 bytes', frame(10, Buffer.alloc(125))],
  ['empty fragments', pieces('')],
  ['fragments of 1 byte', pieces('b')],
  ['compressed messages of 300 bytes', compressed(300), true],
  ['compressed messages of 4 KB', compressed(4_000), true],
  ['compressed messages of 64 KB', compressed(64_000), true],
]

/** Attack I: one connection sends as fast as it can. Measures how long the pings of another connection take. */
export async function floodOfOne(): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, frames, isCompressed = false] of floods) {
    const { work, clock } = await measure(frames, isCompressed)
    const measured = `${work.toFixed(1)} ms of work, ${clock.toFixed(1)} ms`
    findings.push(
      finding(`I  flood of ${name}: round trip of another, 99 %`, measured, '≤ 20 ms of work', work <= BOUND),
    )
  }
  return findings
}

function measure(frames: Buffer, isCompressed: boolean): Promise<RoundTrip> {
  return onFreshEcho(async (target) => {
    const innocent = await RawClient.open(target.port)
    const flooder = await startFlood(target, frames, isCompressed)
    try {
      await sleep(500)
      return await percentile99(innocent, target)
    } finally {
      flooder.kill('SIGKILL')
      innocent.socket.destroy()
    }
  })
}

async function startFlood(target: Target, frames: Buffer, isCompressed: boolean): Promise<ChildProcess> {
  const args = ['--import', 'tsx', PEER, `${target.ownPort}`, target.transport, ...(isCompressed ? ['compressed'] : [])]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(frames)
  await once(child.stdout, 'data')
  return child
}

/** The duration of a round trip in milliseconds: processor time of the server's event loop, and wall time. */
interface RoundTrip {
  work: number
  clock: number
}

/** Returns the 99th percentile of the pings of two seconds, sent one after the other. */
async function percentile99(client: RawClient, target: Target): Promise<RoundTrip> {
  const trips: RoundTrip[] = []
  for (const start = performance.now(); performance.now() - start < 2_000; ) {
    const work = target.loopCpu
    const before = performance.now()
    const count = client.frames.length
    client.send(frame(9, 'ping'))
    await client.until(() => client.frames.length > count || client.closed)
    trips.push({ work: target.loopCpu - work, clock: performance.now() - before })
    await sleep(5)
  }
  const of = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]
  return { work: of(trips.map(({ work }) => work)), clock: of(trips.map(({ clock }) => clock)) }
}

/**
 * Returns a payload of about `size` bytes that inflates to nothing at the highest cost: its blocks contain only a new
 * code table (RFC 1951 §3.2.7). 255 literals have codes of 8 bits, one and the end of the block have 9.
 */
function expensivePayload(size: number): Buffer {
  const lengthCodes = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1]
  const block = [
    // Not final, dynamic; 257 literals, 1 distance, 18 lengths of codes of lengths.
    '0 01 00000 00000 0111',
    // The lengths 1, 8, 9 and “repeat” have the codes 00, 01, 10 and 11.
    ...lengthCodes.map((symbol) => ([1, 8, 9, 16].includes(symbol) ? '010' : '000')),
    '01',
    '11 11'.repeat(42),
    '01 01 10 10 00',
    // The end of the block.
    '111111111',
  ]
  const bits = block.join('').replaceAll(' ', '')
  const count = Math.floor((size * 8) / bits.length)
  // An empty stored block, whose first three bits are 0.
  const all = `${bits.repeat(count)}000`
  const bytes = Buffer.alloc(Math.ceil(all.length / 8))
  for (let at = 0; at < all.length; at++) if (all[at] === '1') bytes[at >> 3] |= 1 << (at & 7)
  return bytes
}
