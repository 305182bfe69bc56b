import { type LoadConnection, openConnections } from '../load/connection.ts'
import {
  BROWSER_OFFER,
  DeflateReplies,
  type DeflateScript,
  deflateScript,
  readAcceptedDeflate,
} from '../load/deflate.ts'
import type { LoadOrder, LoadResult, PreparedLoad } from '../load/workload.ts'

const DRAIN_TIMEOUT = 30_000
const WARMUP_CONNECTIONS = 64

/**
 * Prepares the echo of compressed messages, with the offer of a browser, to measure processor time or memory per
 * connection.
 */
export async function prepareDeflate(order: LoadOrder): Promise<PreparedLoad> {
  return order.measure === 'memory' ? prepareMemory(order) : prepareCpu(order)
}

async function prepareCpu(order: LoadOrder): Promise<PreparedLoad> {
  const lanes = await openLanes(order, order.connections)
  if (order.warmupMs > 0) await exchange(lanes, order.warmupMs)
  return {
    run: () => exchange(lanes, order.durationMs),
    finish: async () => void (await Promise.all(lanes.map((lane) => lane.connection.close()))),
  }
}

/** Each connection sends one message, receives it back, and stays open. */
async function prepareMemory(order: LoadOrder): Promise<PreparedLoad> {
  const warmup = await openLanes(order, Math.min(WARMUP_CONNECTIONS, order.connections))
  await exchange(warmup, 0)
  await Promise.all(warmup.map((lane) => lane.connection.close()))
  let lanes: Lane[] = []
  return {
    async run() {
      lanes = await openLanes(order, order.connections)
      const result = await exchange(lanes, 0)
      return { ...result, count: lanes.length }
    },
    async finish() {
      for (const lane of lanes) lane.connection.socket.destroy()
    },
  }
}

interface Lane {
  connection: LoadConnection
  replies: DeflateReplies
  script: DeflateScript
}

async function openLanes(order: LoadOrder, count: number): Promise<Lane[]> {
  const scripts = new Map<number, DeflateScript>()
  const connections = await openConnections(order.target, count, { extensions: BROWSER_OFFER })
  return connections.map((connection) => {
    const { clientWindowBits, serverTakesOver } = readAcceptedDeflate(connection.extensions)
    const known = scripts.get(clientWindowBits)
    const script = known ?? deflateScript(order.kind, order.size, order.depth, clientWindowBits)
    scripts.set(clientWindowBits, script)
    return { connection, script, replies: new DeflateReplies(script, serverTakesOver) }
  })
}

/** On every lane, sends a burst and waits for all replies, at least once and for at most `ms` milliseconds. */
async function exchange(lanes: Lane[], ms: number): Promise<LoadResult> {
  const begin = performance.now()
  const plainBefore = countPlain(lanes)
  const counts = await Promise.all(lanes.map((lane, index) => runLane(lane, index, begin + ms)))
  const count = counts.reduce((sum, one) => sum + one, 0)
  const plain = countPlain(lanes) - plainBefore
  const notes = plain > 0 ? [`${((plain / count) * 100).toFixed(0)} % of the replies were uncompressed`] : []
  return { count, seconds: (performance.now() - begin) / 1000, notes }
}

function countPlain(lanes: Lane[]): number {
  return lanes.reduce((sum, lane) => sum + lane.replies.plain, 0)
}

function runLane({ connection, replies, script }: Lane, index: number, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0
    let awaited = 0
    const late = new Error(`connection ${index} got no reply within 30 s`)
    const timer = setTimeout(() => reject(late), until - performance.now() + DRAIN_TIMEOUT)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      reject(error)
    }
    const send = (): void => {
      awaited = script.frames.length
      connection.write(script.burst)
    }
    connection.onEnd = (error) => fail(error ?? new Error(`the server ended connection ${index}`))
    connection.onBytes = (bytes, start, end) => {
      try {
        const completed = replies.receive(bytes, start, end)
        count += completed
        awaited -= completed
      } catch (error) {
        return fail(error as Error)
      }
      if (awaited > 0) return
      if (performance.now() < until) return send()
      clearTimeout(timer)
      resolve(count)
    }
    send()
  })
}
