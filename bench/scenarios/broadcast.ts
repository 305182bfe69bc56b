import type { LoadConnection } from '../load/connection.ts'
import { Histogram } from '../load/latency.ts'
import { openMembers } from '../load/members.ts'
import { ReplyStream } from '../load/reply-stream.ts'
import { echoScript, type Script } from '../load/script.ts'
import type { Job, LoadResult, PreparedLoad } from '../load/workload.ts'

const DRAIN_TIMEOUT = 60_000
/** Latencies are recorded in tenths of a microsecond. */
const TENTHS_PER_MS = 10_000

/** One member sends bursts of `depth` messages; all members, itself included, must get every one. */
export async function prepareBroadcast(job: Job): Promise<PreparedLoad> {
  const script = echoScript(job.kind, job.size, job.depth, job.dialect)
  const stalled = job.stalled > 0 ? await openMembers(job, job.stalled) : []
  for (const member of stalled) member.socket.pause()
  const broadcast = new Broadcast(await openMembers(job, job.connections), script)
  if (job.warmupMs > 0) await broadcast.run(job.warmupMs)
  return {
    run: () => broadcast.run(job.durationMs),
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

  /** Sends burst after burst, each when the last delivery of the one before was checked. */
  run(ms: number): Promise<LoadResult> {
    const begin = performance.now()
    const deliveredBefore = this.#delivered
    const latencies = new Histogram()
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
        latencies.record((now - sentAt) * TENTHS_PER_MS)
        sentAt = now
        if (now - begin < ms) return this.#sendBurst()
        clearTimeout(timer)
        const count = this.#delivered - deliveredBefore
        resolve({ count, seconds: (now - begin) / 1000, latency: latencies.summary(0.1), notes: [] })
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
        if (this.#awaited < 0) throw new Error('a delivery too many')
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
