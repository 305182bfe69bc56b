import type { Duplex } from 'node:stream'
import { sleep } from '../wire/index.ts'

/** Milliseconds after which a target has noticed that a connection is closed. */
const NOTICED = 1_000

interface Member {
  owner: object
  /** When the connection was closed, by `performance.now()`; infinite while it is open. */
  closed: number
}

/** The connections of a run. A target may limit how many it serves at the same time (RFC 6455 §10.4). */
export class Crowd {
  readonly #members = new Map<Duplex, Member>()
  readonly #waiting = new Set<{ owner: object }>()
  /** Whether the target has refused a plain handshake during this run. */
  isLimited = false

  /** Counts a connection of this owner until it is closed. */
  enter(stream: Duplex, owner: object): void {
    const member: Member = { owner, closed: Number.POSITIVE_INFINITY }
    this.#members.set(stream, member)
    const leave = (): void => {
      member.closed = performance.now()
    }
    if (stream.closed) leave()
    else stream.once('close', leave)
  }

  /** Returns the number of connections besides this one that are open for the target. */
  sizeBeside(stream: Duplex | null): number {
    const now = performance.now()
    for (const [one, { closed }] of this.#members) if (closed + NOTICED < now) this.#members.delete(one)
    return this.#members.size - (stream !== null && this.#members.has(stream) ? 1 : 0)
  }

  /** Returns whether another connection than this one is open. */
  hasOpenBeside(stream: Duplex): boolean {
    return [...this.#members].some(([one, { closed }]) => one !== stream && closed === Number.POSITIVE_INFINITY)
  }

  /** Lets an owner wait for these milliseconds, until the target may serve one more connection. */
  async wait(owner: object, milliseconds: number): Promise<void> {
    const waiting = { owner }
    this.#waiting.add(waiting)
    await sleep(milliseconds)
    this.#waiting.delete(waiting)
  }

  /** Returns whether someone else has an open connection, or waits for one. */
  hasOthersThan(owner: object): boolean {
    const open = [...this.#members.values()].filter(({ closed }) => closed === Number.POSITIVE_INFINITY)
    return [...open, ...this.#waiting].some((one) => one.owner !== owner)
  }
}
