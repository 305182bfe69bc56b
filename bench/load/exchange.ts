import { randomBytes } from 'node:crypto'
import { buildFrame, PONG } from '../wire/frame.ts'
import type { LoadConnection } from './connection.ts'
import { Latencies } from './latency.ts'
import { ReplyStream, WrongReplyError } from './reply-stream.ts'
import type { Script } from './script.ts'
import type { LoadResult } from './workload.ts'

/** Milliseconds after the last send within which all replies must arrive. */
const DRAIN_TIMEOUT = 20_000

/**
 * Connections that send a script and check the replies, in two phases: a warm-up and the measured phase. No message is
 * in flight between the phases.
 */
export class Exchange {
  readonly #script: Script
  readonly #lanes: Lane[]
  #sendUntil = 0
  #resume: { resolve: () => void; reject: (error: Error) => void } | undefined
  #failure: Error | undefined
  #busyLanes = 0
  latencies = new Latencies()

  constructor(connections: LoadConnection[], script: Script) {
    this.#script = script
    this.#lanes = connections.map((connection, index) => new Lane(connection, script, index, this))
  }

  /** On every connection, sends the whole burst, waits for its last reply and sends again, for `ms` milliseconds. */
  async runClosed(ms: number): Promise<LoadResult> {
    const begin = performance.now()
    const before = this.#countReplies()
    this.latencies = new Latencies()
    this.#sendUntil = begin + ms
    this.#busyLanes = this.#lanes.length
    await this.#until(() => {
      for (const lane of this.#lanes) lane.sendBurst(this.#script)
    }, ms)
    return this.#result(begin, before, [])
  }

  /**
   * Sends `rate` messages per second over all connections for `ms` milliseconds, at fixed times. Latency is measured
   * from the time at which a message was due, so that a stall counts toward the latency of all messages that become due
   * during it.
   */
  async runOpen(rate: number, ms: number): Promise<LoadResult> {
    const begin = performance.now()
    const before = this.#countReplies()
    const total = Math.max(1, Math.floor((rate * ms) / 1000))
    this.latencies = new Latencies()
    this.#busyLanes = this.#lanes.length
    for (const [index, lane] of this.#lanes.entries()) lane.beginOpen(begin, index, this.#lanes.length, rate, total)
    let sent = 0
    let worstLate = 0
    const pump = (): void => {
      const due = Math.min(total, Math.floor(((performance.now() - begin) * rate) / 1000))
      if (due > sent) worstLate = Math.max(worstLate, performance.now() - begin - (sent * 1000) / rate)
      for (; sent < due; sent++) this.#lanes[sent % this.#lanes.length].sendNext(this.#script)
      if (sent < total && !this.#failure) setImmediate(pump)
    }
    await this.#until(pump, ms)
    const late = worstLate > 20 ? [`the load generator itself was late by up to ${worstLate.toFixed(0)} ms`] : []
    return this.#result(begin, before, late)
  }

  /** Called by a lane that has received all its replies. Returns whether it must send again. */
  continues(now: number): boolean {
    if (now < this.#sendUntil) return true
    this.laneDone()
    return false
  }

  laneDone(): void {
    this.#busyLanes--
    if (this.#busyLanes === 0) this.#resume?.resolve()
  }

  fail(error: Error): void {
    this.#failure ??= error
    this.#resume?.reject(error)
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }

  async #until(start: () => void, ms: number): Promise<void> {
    if (this.#failure) throw this.#failure
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resume = { resolve, reject }
        timer = setTimeout(() => reject(this.#timeoutError()), ms + DRAIN_TIMEOUT)
        start()
      })
    } finally {
      clearTimeout(timer)
      this.#resume = undefined
    }
  }

  #timeoutError(): Error {
    return new Error(`${this.#busyLanes} of ${this.#lanes.length} connections got no reply within 20 s`)
  }

  #countReplies(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.replies, 0)
  }

  #result(begin: number, before: number, notes: string[]): LoadResult {
    const seconds = (performance.now() - begin) / 1000
    return { count: this.#countReplies() - before, seconds, latency: this.latencies.summary(), notes }
  }
}

/** One connection of an exchange. */
class Lane {
  replies = 0
  readonly #connection: LoadConnection
  readonly #stream: ReplyStream
  readonly #exchange: Exchange
  #awaited = 0
  #sentAt = 0
  #next = 0
  #open: { begin: number; index: number; step: number; rate: number; replied: number } | undefined

  constructor(connection: LoadConnection, script: Script, index: number, exchange: Exchange) {
    this.#connection = connection
    this.#exchange = exchange
    this.#stream = new ReplyStream(script.expected, (payload) => {
      connection.write(buildFrame(PONG, payload, { maskKey: randomBytes(4) }))
    })
    connection.onEnd = (error) => exchange.fail(error ?? new Error(`the server ended connection ${index}`))
    connection.onBytes = (bytes, start, end) => {
      try {
        this.#receive(script, bytes, start, end)
      } catch (error) {
        exchange.fail(new WrongReplyError(`connection ${index}: ${(error as Error).message}`))
      }
    }
  }

  sendBurst(script: Script): void {
    this.#open = undefined
    this.#awaited = script.frames.length
    this.#sentAt = performance.now()
    this.#connection.write(script.burst)
  }

  /** Makes the lane expect its share of `total` messages, every `step`-th from `index` on. */
  beginOpen(begin: number, index: number, step: number, rate: number, total: number): void {
    this.#open = { begin, index, step, rate, replied: 0 }
    this.#awaited = Math.floor((total - index + step - 1) / step)
    if (this.#awaited <= 0) this.#exchange.laneDone()
  }

  sendNext(script: Script): void {
    this.#connection.write(script.frames[this.#next])
    this.#next = (this.#next + 1) % script.frames.length
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #receive(script: Script, bytes: Buffer, start: number, end: number): void {
    const completed = this.#stream.receive(bytes, start, end)
    if (completed === 0) return
    if (completed > this.#awaited) throw new WrongReplyError(`${completed - this.#awaited} unexpected replies`)
    this.replies += completed
    this.#awaited -= completed
    const now = performance.now()
    if (this.#open) this.#recordOpen(now, completed)
    else if (this.#awaited === 0) {
      this.#exchange.latencies.record(now - this.#sentAt)
      if (this.#exchange.continues(now)) this.sendBurst(script)
    }
  }

  #recordOpen(now: number, completed: number): void {
    const open = this.#open!
    for (let i = 0; i < completed; i++, open.replied++) {
      const intended = open.begin + ((open.replied * open.step + open.index) * 1000) / open.rate
      this.#exchange.latencies.record(now - intended)
    }
    if (this.#awaited === 0) this.#exchange.laneDone()
  }
}
