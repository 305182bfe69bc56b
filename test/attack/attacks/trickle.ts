import type { Socket } from 'node:net'
import { RawClient, upgradeRequest } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, median } from '../finding.ts'
import { warmUp } from '../fresh-echo.ts'
import { isOverHttp2, Target } from '../target.ts'

/** Number of rounds. It is odd, so that the median is one of the ratios. */
const ROUNDS = 7

/**
 * Size of the frame in bytes. Over HTTP/2 each byte is a separate DATA frame in a separate TLS record, so a quarter of
 * them takes as long.
 */
const SIZE = isOverHttp2 ? 16_384 : 65_536
const NPM_WS = isOverHttp2 ? 'npm ws over TLS' : 'npm ws'

/**
 * Attack G: a frame in one-byte writes. Measures ratios of processor time within one round, in which the load of the
 * machine cancels out.
 */
export async function trickle(): Promise<Finding[]> {
  const ratios: { toWs: number; toHalf: number }[] = []
  const [echo, ws] = [await Target.echo(), await Target.ws()]
  try {
    await warmUp(echo)
    await warmUp(ws)
    for (let round = 0; round < ROUNDS; round++) {
      const half = await cpuOfTrickle(echo, SIZE / 2)
      const own = await cpuOfTrickle(echo, SIZE)
      const other = await cpuOfTrickle(ws, SIZE)
      ratios.push({ toWs: own / other, toHalf: own / half })
    }
  } finally {
    await echo.stop()
    await ws.stop()
  }
  const toWs = median(ratios.map((ratio) => ratio.toWs))
  const toHalf = median(ratios.map((ratio) => ratio.toHalf))
  return [
    finding(
      `G  ${SIZE / 1024} KiB frame byte by byte, CPU`,
      `${toWs.toFixed(2)} × ${NPM_WS}`,
      `< 1.2 × ${NPM_WS}`,
      toWs < 1.2,
    ),
    finding(`G  … compared with ${SIZE / 2048} KiB`, `${toHalf.toFixed(2)} ×`, '< 3 ×', toHalf < 3),
  ]
}

/** Resolves to the processor time of the server in milliseconds. */
async function cpuOfTrickle(target: Target, size: number): Promise<number> {
  const client = new RawClient((await target.connect()) as Socket)
  client.socket.write(upgradeRequest())
  await client.until(() => client.head !== '')
  const bytes = frame(2, Buffer.alloc(size, 1))
  const before = target.cpu
  for (let at = 0; at < bytes.length; at++) {
    client.socket.write(bytes.subarray(at, at + 1))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await client.receive(1)
  const spent = target.cpu - before
  await client.close()
  return spent
}
