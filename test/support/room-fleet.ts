import { fork } from 'node:child_process'
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WebSocket as WsSocket } from 'ws'
import { joinWorkers } from '../../src/room/broker/cluster/primary.ts'
import { bundleProgram } from './bundle.ts'
import type { RoomOrder, RoomReport } from './room-process.ts'
import type { TestContext } from './unit.ts'

const PROGRAM = fileURLToPath(new URL('./room-process.ts', import.meta.url))

/** A server process, as a test uses it. */
export interface RoomProcess {
  readonly port: number
  tell(order: RoomOrder): void
  stats(): Promise<Extract<RoomReport, { report: 'stats' }>>
}

interface Channel {
  send(order: RoomOrder): void
  on(event: 'message', listener: (report: RoomReport) => void): void
  off(event: 'message', listener: (report: RoomReport) => void): void
}

/** Starts server processes that share a Redis, until the test ends. */
export async function startProcesses(t: TestContext, count: number, url: string): Promise<RoomProcess[]> {
  const program = await bundleProgram(PROGRAM)
  return Promise.all(
    Array.from({ length: count }, () => {
      const child = fork(program, { execArgv: [], env: { ...process.env, REDIS_URL: url } })
      t.after(() => endProcess(child))
      return openProcess(child as unknown as Channel)
    }),
  )
}

/** Starts workers of this process, until the test ends. */
export async function startWorkers(t: TestContext, count: number): Promise<RoomProcess[]> {
  t.after(joinWorkers())
  cluster.setupPrimary({ exec: await bundleProgram(PROGRAM), execArgv: [] })
  return Promise.all(
    Array.from({ length: count }, () => {
      const worker: Worker = cluster.fork()
      t.after(() => endProcess(worker.process))
      return openProcess(worker as unknown as Channel)
    }),
  )
}

async function endProcess(child: ReturnType<typeof fork> | Worker['process']): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}

async function openProcess(channel: Channel): Promise<RoomProcess> {
  const report = <T extends RoomReport['report']>(wanted: T, number?: number) =>
    new Promise<Extract<RoomReport, { report: T }>>((resolve) => {
      const listener = (said: RoomReport): void => {
        if (said.report !== wanted || (said.report === 'stats' && said.number !== number)) return
        channel.off('message', listener)
        resolve(said as Extract<RoomReport, { report: T }>)
      }
      channel.on('message', listener)
    })
  const { port } = await report('listening')
  let lastNumber = 0
  return {
    port,
    tell: (order) => channel.send(order),
    stats: () => {
      lastNumber += 1
      const answer = report('stats', lastNumber)
      channel.send({ order: 'stats', number: lastNumber })
      return answer
    },
  }
}

/** A member of a room, and every message that it has received. */
export interface RoomMember {
  readonly room: string
  readonly received: string[]
  /** Resolves to the next message. */
  next(): Promise<unknown>
}

/** Opens a member and waits until it has joined. It is closed when the test ends. */
export function openMember(t: TestContext, { port }: RoomProcess, room: string): Promise<RoomMember> {
  const socket = new WsSocket(`ws://127.0.0.1:${port}/room/${room}`, { perMessageDeflate: false })
  t.after(() => socket.terminate())
  const received: string[] = []
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('message', (data) => {
      const text = String(data)
      if (text === 'joined') resolve({ room, received, next: () => once(socket, 'message') })
      else received.push(text)
    })
  })
}
