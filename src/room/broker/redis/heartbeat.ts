import { brokerError } from '../broker-error.ts'

/** The time from one heartbeat to the next, in timeouts. */
const INTERVAL = 1.5

/** The callbacks of a heartbeat. */
export interface HeartbeatHost {
  /** Whether a heartbeat can be sent at all. */
  canBeat(): boolean
  /** Publishes a mark on the own channel; rejects when Redis does not accept it. */
  publishMark(mark: string): Promise<unknown>
  onMissed(error: unknown): void
}

/**
 * Marks that this process publishes on its own channel. One that arrives proves that subscriptions work. Not every client
 * reports a loss: a cluster may have lost its subscribing node, or the user its rights.
 */
export class RedisHeartbeat {
  readonly #host: HeartbeatHost
  readonly #timeout: number
  readonly #waiting = new Map<string, () => void>()
  readonly #timer: NodeJS.Timeout
  #count = 0
  #isBeating = false
  #isFailing = false

  /** @param timeout Milliseconds in which a mark has to arrive. */
  constructor(timeout: number, host: HeartbeatHost) {
    this.#timeout = timeout
    this.#host = host
    this.#timer = setInterval(() => void this.beat(), timeout * INTERVAL).unref()
  }

  /** Whether the last heartbeat has not arrived. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /**
   * Publishes something with a mark; resolves when the mark has arrived, and with it every earlier message.
   *
   * @param publish Publishes the mark that it is given.
   * @throws {WebSocketError} when the mark does not arrive in time, or what `publish` rejects with.
   */
  async send<T>(publish: (mark: string) => Promise<T>): Promise<T> {
    this.#count += 1
    const mark = String(this.#count)
    let timer: NodeJS.Timeout | undefined
    const arrived = new Promise<boolean>((resolve) => {
      this.#waiting.set(mark, () => resolve(true))
      timer = setTimeout(() => resolve(false), this.#timeout)
    })
    try {
      const answer = await publish(mark)
      if (!(await arrived)) throw brokerError(`a message to the own channel did not arrive within ${this.#timeout} ms`)
      return answer
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(mark)
    }
  }

  onMark(mark: string): void {
    this.#waiting.get(mark)?.()
  }

  /** Sends a heartbeat now. */
  async beat(): Promise<void> {
    if (this.#isBeating || !this.#host.canBeat()) return
    this.#isBeating = true
    try {
      await this.send((mark) => this.#host.publishMark(mark))
      this.#isFailing = false
    } catch (error) {
      this.#isFailing = true
      this.#host.onMissed(error)
    } finally {
      this.#isBeating = false
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
