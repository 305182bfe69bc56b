import { startDeadline } from '../../../connection/deadline.ts'
import { LONGEST_DELAY } from '../../../options/option-rule.ts'
import { brokerError } from '../broker-error.ts'

/** The interval between heartbeats, as a multiple of the timeout. */
const INTERVAL = 1.5

/** The callbacks of a heartbeat. */
export interface HeartbeatHost {
  /** Returns whether a heartbeat can be sent. */
  canBeat(): boolean
  /** Publishes a mark on the channel of this process. Rejects when Redis does not accept it. */
  publishMark(mark: string): Promise<unknown>
  onMissed(error: unknown): void
}

/**
 * Publishes marks on the channel of this process. A mark that arrives proves that subscriptions work. Such a proof is
 * needed because not every client reports a loss: a cluster client may have lost the node on which it has subscribed,
 * or its user may have lost permissions.
 */
export class RedisHeartbeat {
  readonly #host: HeartbeatHost
  readonly #timeout: number
  readonly #waiting = new Map<string, () => void>()
  readonly #timer: NodeJS.Timeout
  #count = 0
  #isBeating = false
  #isFailing = false

  /** @param timeout Time limit in milliseconds for a mark to arrive. */
  constructor(timeout: number, host: HeartbeatHost) {
    this.#timeout = timeout
    this.#host = host
    this.#timer = setInterval(() => void this.beat(), Math.min(timeout * INTERVAL, LONGEST_DELAY)).unref()
  }

  /** Whether the last heartbeat has not arrived. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /**
   * Publishes a message with a mark. Resolves when the mark and each earlier message have arrived.
   *
   * @param publish Publishes the mark that it is called with.
   * @throws {WebSocketError} when the mark does not arrive in time. A rejection of `publish` is passed on.
   */
  async send<T>(publish: (mark: string) => Promise<T>): Promise<T> {
    this.#count += 1
    const mark = String(this.#count)
    let cancel = (): void => {}
    const arrived = new Promise<boolean>((resolve) => {
      this.#waiting.set(mark, () => resolve(true))
      cancel = startDeadline(this.#timeout, () => resolve(false))
    })
    try {
      const answer = await publish(mark)
      if (!(await arrived))
        throw brokerError(`a message on the channel of this process did not arrive within ${this.#timeout} ms`)
      return answer
    } finally {
      cancel()
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
