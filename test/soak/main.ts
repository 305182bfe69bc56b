// Long runs of changing load on `dwebsocket echo`: memory and handles must return to their initial level.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Target } from '../attack/target.ts'
import { RawClient } from '../support/raw-client.ts'
import { closeFrame, frame, hex } from '../support/wire.ts'

const HELP = `npm run soak -- [--minutes N]

Churn, abrupt disconnects, slow readers and bursts against \`dwebsocket echo\` for N minutes (default 10). At the end resident
memory and open handles must be within 10 % of their level after the first minute, or the exit code is 1. Linux only.
`

/** The visits of a client, most of which end abruptly. */
const visits: ((client: RawClient) => Promise<void>)[] = [
  async (client) => {
    client.sendText('hello')
    await client.receive(1)
    await client.close()
  },
  async (client) => {
    for (let i = 0; i < 50; i++) client.send(frame(1, 'burst '.repeat(i)), frame(9, 'x'))
    await client.receive(60)
    client.socket.destroy()
  },
  async (client) => {
    client.send(frame(2, Buffer.alloc(100_000)).subarray(0, 50_000))
    await sleep(20)
    client.socket.resetAndDestroy()
  },
  async (client) => {
    client.socket.pause()
    for (let i = 0; i < 40; i++) client.send(frame(2, Buffer.alloc(60_000)))
    await sleep(300)
    client.socket.destroy()
  },
  async (client) => {
    client.send(hex('83 00'))
    await client.until(() => client.ended || client.closed)
    client.socket.destroy()
  },
  async (client) => {
    client.send(closeFrame(1000))
    client.socket.destroy()
  },
  async (client) => {
    client.send(...Array.from({ length: 2_000 }, (_, i) => frame(i === 0 ? 1 : 0, 'x', { fin: false })))
    client.socket.end()
    await client.until(() => client.closed || client.ended)
    client.socket.destroy()
  },
]

/** Makes one visit after the other until `end`. Resolves to their number. */
async function visitor(port: number, first: number, end: number): Promise<number> {
  let count = 0
  for (; performance.now() < end; count++) {
    const headers = count % 2 === 0 ? [] : ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']
    const client = await RawClient.open(port, { headers })
    await visits[(first + count) % visits.length](client)
    await sleep(5)
  }
  return count
}

interface Level {
  resident: number
  handles: number
}

/** Resolves to the lowest values within a few seconds, which contain little garbage. */
async function levelOf(target: Target): Promise<Level> {
  const levels: Level[] = []
  for (let i = 0; i < 20; i++) {
    levels.push({ resident: target.resident, handles: target.handles })
    await sleep(250)
  }
  return {
    resident: Math.min(...levels.map(({ resident }) => resident)),
    handles: Math.min(...levels.map(({ handles }) => handles)),
  }
}

const show = ({ resident, handles }: Level): string => `${(resident / 2 ** 20).toFixed(1)} MiB, ${handles} handles`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const target = await Target.echo()
  const end = performance.now() + Number(values.minutes) * 60_000
  const minute = Math.min(60_000, Number(values.minutes) * 20_000)
  try {
    const visitors = Array.from({ length: 12 }, (_, i) => visitor(target.port, i, end))
    await sleep(minute)
    const first = await levelOf(target)
    console.log(`after ${minute / 1000} s: ${show(first)}`)
    while (end - performance.now() > 15_000) {
      await sleep(Math.min(60_000, end - performance.now() - 10_000))
      console.log(`…: ${show(await levelOf(target))}`)
    }
    const last = await levelOf(target)
    const counts = await Promise.all(visitors)
    const isLevel = last.resident <= first.resident * 1.1 && last.handles <= first.handles * 1.1 + 12
    await sleep(6_000)
    const alone = target.handles
    console.log(`at the end: ${show(last)}; alone: ${alone} handles; ${counts.reduce((a, b) => a + b, 0)} visits`)
    console.log(isLevel && alone <= 40 ? 'level' : 'GROWN')
    return isLevel && alone <= 40 ? 0 : 1
  } finally {
    await target.stop()
  }
}

main().then((code) => {
  process.exitCode = code
})
