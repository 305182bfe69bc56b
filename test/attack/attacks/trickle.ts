import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, median } from '../finding.ts'
import { warmUp } from '../fresh-echo.ts'
import { Target } from '../target.ts'

/** Odd, so that the median is one of the ratios. */
const ROUNDS = 7

/** G: a frame in one-byte writes. Ratios of processor time within one round, which the load of the machine cancels out of. */
export async function trickle(): Promise<Finding[]> {
  const ratios: { toWs: number; toHalf: number }[] = []
  const [echo, ws] = [await Target.echo(), await Target.ws()]
  try {
    await warmUp(echo)
    await warmUp(ws)
    for (let round = 0; round < ROUNDS; round++) {
      const half = await cpuOfTrickle(echo, 32_768)
      const own = await cpuOfTrickle(echo, 65_536)
      const other = await cpuOfTrickle(ws, 65_536)
      ratios.push({ toWs: own / other, toHalf: own / half })
    }
  } finally {
    await echo.stop()
    await ws.stop()
  }
  const toWs = median(ratios.map((ratio) => ratio.toWs))
  const toHalf = median(ratios.map((ratio) => ratio.toHalf))
  return [
    finding('G  64 KiB frame byte by byte, CPU', `${toWs.toFixed(2)} × npm ws`, '< 1.2 × npm ws', toWs < 1.2),
    finding('G  … compared with 32 KiB', `${toHalf.toFixed(2)} ×`, '< 3 ×', toHalf < 3),
  ]
}

/** Milliseconds of processor time of the server. */
async function cpuOfTrickle(target: Target, size: number): Promise<number> {
  const client = await RawClient.open(target.port)
  client.socket.setNoDelay(true)
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
