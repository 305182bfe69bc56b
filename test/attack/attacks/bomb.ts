import { setTimeout as sleep } from 'node:timers/promises'
import { constants, createDeflateRaw } from 'node:zlib'
import { RawClient } from '../../support/raw-client.ts'
import { closeFrame, frame } from '../../support/wire.ts'
import { type Finding, finding, formatKib, formatMib, MIB } from '../finding.ts'
import { MESSAGE_LIMIT, OFFER, onFreshEcho, untilClosed } from '../fresh-echo.ts'

/** Attack H: 300 MB of zeros, compressed to 0.3 MB. */
export async function bomb(): Promise<Finding[]> {
  const payload = await compressZeros(300)
  return onFreshEcho(async (target, growth) => {
    const client = await RawClient.open(target.port, { headers: OFFER })
    client.send(frame(2, payload, { rsv: 4 }))
    await untilClosed(client, 20_000, 0)
    client.send(closeFrame(1009))
    client.socket.end()
    await sleep(500)
    const grown = growth()
    const metrics = await target.metrics()
    const isCounted = /dwebsocket_closed_total\{code="1009"\} 1$/m.test(metrics)
    const bound = MESSAGE_LIMIT + 2 * MIB
    const attack = `H  300 MB bomb, ${formatKib(payload.length)} on the wire`
    const codes = `${client.closeCode}, server ${isCounted ? 1009 : 'other'}`
    return [
      finding(attack, formatMib(grown), `< ${formatMib(bound)}`, grown < bound),
      finding('H  … close code', codes, '1009, server 1009', client.closeCode === 1009 && isCounted),
    ]
  })
}

async function compressZeros(megabytes: number): Promise<Buffer> {
  const stream = createDeflateRaw()
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  const zeros = Buffer.alloc(1_000_000)
  for (let i = 0; i < megabytes; i++) await new Promise<void>((resolve) => stream.write(zeros, () => resolve()))
  await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()))
  return Buffer.concat(chunks).subarray(0, -4)
}
