import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, formatMib } from '../finding.ts'
import { MESSAGE_LIMIT, onFreshEcho, untilClosed } from '../fresh-echo.ts'

/** Attack A: one-byte fragments of a message that never ends. */
export function fragments(): Promise<Finding[]> {
  return onFreshEcho(async (target, growth) => {
    const client = await RawClient.open(target.port)
    const start = performance.now()
    const pieces = Buffer.concat(new Array(130_899).fill(frame(0, 'x', { fin: false })))
    client.send(frame(2, 'x', { fin: false }), pieces)
    client.send(frame(9, 'read'))
    await client.until(() => client.frames.length > 0 || client.closed)
    await sleep(1_000)
    const grown = growth()
    // The peer is alive: only its message is late.
    const pings = setInterval(() => client.send(frame(9)), 5_000)
    const seconds = await untilClosed(client, 90_000, start)
    clearInterval(pings)
    client.socket.destroy()
    const limit = 2 * MESSAGE_LIMIT
    const isClosed = [1009, 1013].includes(client.closeCode!) && seconds < 75
    const outcome = `${client.closeCode} after ${seconds.toFixed(0)} s`
    return [
      finding('A  130,900 one-byte fragments, no end', formatMib(grown), `< ${formatMib(limit)}`, grown < limit),
      finding('A  … closed', outcome, '1009 or 1013, in 75 s', isClosed),
    ]
  })
}
