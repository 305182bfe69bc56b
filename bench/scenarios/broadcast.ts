import type { LoadConnection } from '../load/connection.ts'
import { Latencies } from '../load/latency.ts'
import { openMembers } from '../load/members.ts'
import { ReplyStream } from '../load/reply-stream.ts'
import { echoScript, type Script } from '../load/script.ts'
import type { LoadOrder, LoadResult, PreparedLoad } from '../load/workload.ts'

const DRAIN_TIMEOUT = 60_000

/**
 * Prepares a broadcast: one member sends bursts of `depth` messages, and all members, itself included, must receive
 * each message.
 */
export async function prepareBroadcast(order: LoadOrder): Promise<PreparedLoad> {
  const script = echoScript(order.kind, order.size, order.depth, order.dialect)
  const stalled = order.stalled > 0 ? await openMembers(order, order.stalled) : []
  for (const member of stalled) member.socket.pause()
  const broadcast = new Broadcast(await openMembers(order, order.connections), script)
  if (order.warmupMs > 0) await broadcast.run(order.warmupMs)
  return {
    run: () => broadcast.run(order.durationMs),
    async finish() {
      for (const member of stalled) member.socket.destroy()
      await broadcast.close()
    },
  }
}

class Broadcast {
  readonly #members: LoadConnection[]
  readonly #script: Script
  #awaited = 0
  #delivered = 0
  #onBurst: () => void = () => {}
  #onFailure: (error: Error) => void = () => {}
  #failure: Error | undefined

  constructor(members: LoadConnection[], script: Script) {
    this.#members = members
    this.#script = script
    for (const [index, member] of members.entries()) this.#listen(member, index)
  }

  /** Sends bursts, each after the last delivery of the previous one. */
  run(ms: number): Promise<LoadResult> {
    const begin = performance.now()
    const deliveredBefore = this.#delivered
    const latencies = new Latencies()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(new Error(`${this.#awaited} deliveries are missing`)),
        ms + DRAIN_TIMEOUT,
      )
      this.#onFailure = (error) => {
        clearTimeout(timer)
        reject(error)
      }
      if (this.#failure) return this.#onFailure(this.#failure)
      let sentAt = begin
      this.#onBurst = () => {
        const now = performance.now()
        latencies.record(now - sentAt)
        sentAt = now
        if (now - begin < ms) return this.#sendBurst()
        clearTimeout(timer)
        const count = this.#delivered - deliveredBefore
        resolve({ count, seconds: (now - begin) / 1000, latency: latencies.summary(), notes: [] })
      }
      this.#sendBurst()
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()))
  }

  #sendBurst(): void {
    this.#awaited = this.#members.length * this.#script.frames.length
    this.#members[0].write(this.#script.burst)
  }

  #listen(member: LoadConnection, index: number): void {
    const stream = new ReplyStream(this.#script.expected, () => {})
    member.onEnd = (error) => this.#fail(error ?? new Error(`the server ended member ${index}`))
    member.onBytes = (bytes, start, end) => {
      try {
        const completed = stream.receive(bytes, start, end)
        this.#delivered += completed
        this.#awaited -= completed
        if (this.#awaited < 0) throw new Error('an unexpected delivery')
      } catch (error) {
        return this.#fail(new Error(`member ${index}: ${(error as Error).message}`))
      }
      if (this.#awaited === 0) this.#onBurst()
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#onFailure(error)
  }
}
