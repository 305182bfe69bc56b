import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoadConnection } from '../load/connection.ts'
import { openMembers } from '../load/members.ts'
import type { LoadOrder, PreparedLoad } from '../load/workload.ts'
import { buildFrame, PING, PONG, readFrame } from '../wire/frame.ts'

/**
 * Opens connections that send nothing but the answer to each ping, and counts the pings of a round (RFC 6455 §5.5.2).
 */
export async function prepareKeepalive(order: LoadOrder): Promise<PreparedLoad> {
  const connections = await openMembers(order, order.connections)
  let pings = 0
  let failure: Error | undefined
  for (const connection of connections) {
    answerPings(connection, () => pings++)
    connection.onEnd = (error) => {
      failure = error ?? new Error('the server closed a connection that answers its pings')
    }
  }
  await delay(order.warmupMs)
  return {
    async run() {
      pings = 0
      const begin = performance.now()
      await delay(order.durationMs)
      if (failure) throw failure
      if (pings === 0) throw new Error('the server sent no ping')
      return { count: pings, seconds: (performance.now() - begin) / 1000, notes: [] }
    },
    async finish() {
      for (const connection of connections) {
        connection.onEnd = () => {}
        connection.socket.destroy()
      }
    },
  }
}

function answerPings(connection: LoadConnection, onPing: () => void): void {
  const maskKey = randomBytes(4)
  let pending: Buffer = Buffer.alloc(0)
  connection.onBytes = (bytes, start, end) => {
    pending = Buffer.concat([pending, bytes.subarray(start, end)])
    for (let frame = readFrame(pending, 0); frame; frame = readFrame(pending, 0)) {
      pending = pending.subarray(frame.size)
      if (frame.opcode !== PING) continue
      onPing()
      connection.write(buildFrame(PONG, frame.payload, { maskKey }))
    }
  }
}
