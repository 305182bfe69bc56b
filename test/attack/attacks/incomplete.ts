import { RawClient } from '../../support/raw-client.ts'
import { frame, hex } from '../../support/wire.ts'
import { type Finding, finding } from '../finding.ts'
import { onFreshEcho, untilClosed } from '../fresh-echo.ts'

/** Attack E: invalid UTF-8 in the first fragment of a text whose rest never arrives. */
export function invalidUtf8(): Promise<Finding[]> {
  return onFreshEcho(async (target) => {
    const client = await RawClient.open(target.port)
    const payload = Buffer.concat([Buffer.from('ok'), hex('ff'), Buffer.alloc(997)])
    const start = performance.now()
    client.send(frame(1, payload, { fin: false }).subarray(0, 11))
    const seconds = await untilClosed(client, 5_000, start)
    client.socket.destroy()
    const holds = client.closeCode === 1007 && seconds < 2
    return [finding('E  invalid UTF-8 in the first fragment', `${client.closeCode} at the byte`, '1007 at once', holds)]
  })
}

/** Attack F: one byte of a header, then nothing. */
export function incompleteHeader(): Promise<Finding[]> {
  return onFreshEcho(async (target) => {
    const client = await RawClient.open(target.port)
    const start = performance.now()
    client.send(hex('82'))
    const seconds = await untilClosed(client, 30_000, start)
    client.socket.destroy()
    const outcome = `${client.closeCode} after ${seconds.toFixed(1)} s`
    const holds = client.closeCode === 1013 && seconds < 15
    return [finding('F  one byte of a header', outcome, '1013 within 15 s', holds)]
  })
}
