import cluster from 'node:cluster'
import type { AddressInfo } from 'node:net'
import { createClient } from 'redis'
import { type Broker, createServer, Rooms, require_websocket } from '../../src/index.ts'
import { ClusterBroker } from '../../src/room/broker/cluster/broker.ts'
import { RedisBroker } from '../../src/room/broker/redis/broker.ts'

/*
 * A server process for tests with several processes. `/room/:name` joins a room. Over IPC, the parent requests
 * broadcasts and statistics.
 */

/** A message from the parent. */
export type RoomOrder =
  | { order: 'broadcast'; messages: readonly (readonly [room: string, text: string])[] }
  | { order: 'stats'; number: number }
  | { order: 'end' }

/** A message to the parent: the address, or the statistics with every reported gap. */
export type RoomReport =
  | { report: 'listening'; port: number }
  | {
      report: 'stats'
      number: number
      stats: ReturnType<Rooms['stats']>
      missed: Record<string, number>
      inexact: number
    }

async function makeBroker(url: string | undefined): Promise<Broker> {
  if (url === undefined) return new ClusterBroker()
  const client = createClient({ url, socket: { reconnectStrategy: 20 } })
  client.on('error', () => {})
  await client.connect()
  const broker = new RedisBroker(client)
  await broker.ready
  return broker
}

async function main(): Promise<void> {
  const rooms = new Rooms({ broker: await makeBroker(process.env.REDIS_URL) })
  const missed: Record<string, number> = {}
  let inexact = 0
  rooms.onGap = ({ room, missedCount, isExact }) => {
    missed[room] = (missed[room] ?? 0) + missedCount
    if (!isExact) inexact += 1
  }
  const view = require_websocket(async (request) => {
    const { websocket, params } = request
    await rooms.room(params.name).join(websocket)
    await websocket.send('joined')
    await websocket.wait()
  })
  const server = createServer({ urls: { '/room/:name': view } })
  const say = (report: RoomReport): void => void process.send?.(report)
  process.on('message', (order: RoomOrder) => {
    if (order.order === 'broadcast') for (const [room, text] of order.messages) rooms.room(room).broadcast(text)
    if (order.order === 'stats') {
      say({ report: 'stats', number: order.number, stats: rooms.stats(), missed, inexact })
    }
    if (order.order === 'end') process.exit()
  })
  process.on('disconnect', () => process.exit())
  const { port } = (await server.listen()) as AddressInfo
  say({ report: 'listening', port })
}

if (process.env.REDIS_URL !== undefined || cluster.isWorker) void main()
