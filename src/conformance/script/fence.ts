import { FrameWatch, Ledger, Peer, type Target, type Transport, WireLog } from '../peer/index.ts'
import { buildRequest, Random, within } from '../wire/index.ts'
import type { Trial } from './trial.ts'

/** Milliseconds to wait for the connection, and for all pongs of one case together. */
const OPENING = 1_000
const BUDGET = 2_000
/** How many connections may fail before their first pong in a run. */
const FAILURES = 2
/** How many times one case opens the connection. A server may limit the pings on a connection. */
const OPENINGS = 10

const fences = new WeakMap<Trial, Fence>()
const failures = new WeakMap<Target, number>()

/**
 * Shows that the target has read what was sent before: a ping on a connection of its own has got its pong. A server
 * reads its connections in the order in which data arrived, however busy it is. So two pieces of a write are two reads,
 * which TCP alone does not guarantee. The connection is no part of the case, and not in its log.
 */
export class Fence {
  readonly #trial: Trial
  #peer: Promise<Peer | null> | null = null
  #last: Promise<boolean> = Promise.resolve(true)
  #left = BUDGET
  #openings = 0
  /** Whether the connection has got a pong. */
  #isProven = false
  /** Whether each ping of the case so far has shown it. */
  #provesAll = true
  #count = 0

  private constructor(trial: Trial) {
    this.#trial = trial
  }

  /** The fence of a case. It connects at its first use. */
  static of(trial: Trial): Fence {
    const fence = fences.get(trial) ?? new Fence(trial)
    fences.set(trial, fence)
    return fence
  }

  /** Whether a case used a fence, and it always showed that the target had read what was sent before. */
  static hasProven(trial: Trial): boolean {
    const fence = fences.get(trial)
    return fence === undefined ? false : fence.#provesAll
  }

  /** Resolves to whether the target has read what was sent before. */
  async pass(): Promise<boolean> {
    // A ping that was sent earlier proves nothing about the pieces after it.
    this.#last = this.#last.then(() => this.#tryTwice())
    const isProof = await this.#last
    this.#provesAll &&= isProof
    return isProof
  }

  async #tryTwice(): Promise<boolean> {
    return (await this.#ping()) || (await this.#ping())
  }

  async #ping(): Promise<boolean> {
    if (this.#left <= 0) return false
    this.#peer ??= this.#open()
    const peer = await this.#peer
    if (peer === null) return false
    const payload = Buffer.from(String(++this.#count))
    const began = performance.now()
    await peer.sendPing(payload)
    const isAnswered = await awaitPong(peer, payload, this.#left)
    this.#left -= performance.now() - began
    if (isAnswered) this.#isProven = true
    else this.#drop(peer)
    return isAnswered
  }

  #drop(peer: Peer): void {
    peer.destroy()
    if (!this.#isProven) this.#countFailure()
    this.#peer = this.#openings < OPENINGS ? null : Promise.resolve(null)
  }

  #countFailure(): void {
    const { target } = this.#trial.context
    failures.set(target, (failures.get(target) ?? 0) + 1)
  }

  /** Resolves to null when the target serves no further connection. */
  async #open(): Promise<Peer | null> {
    const { target } = this.#trial.context
    this.#isProven = false
    if (target.connectAside === undefined || (failures.get(target) ?? 0) >= FAILURES) return null
    this.#openings++
    const peer = await this.#handshake(await target.connectAside(OPENING).catch(() => null))
    if (peer === null) this.#countFailure()
    return peer
  }

  async #handshake(transport: Transport | null): Promise<Peer | null> {
    if (transport === null) return null
    const { target, seed, timeout } = this.#trial.context
    const random = new Random(seed, 'fence')
    const ledger = new Ledger()
    const watch = new FrameWatch(ledger, 'fence', 'server')
    const peer = new Peer(transport, { timeout, randomKey: () => random.bytes(4), log: new WireLog(), ledger, watch })
    this.#trial.connections.push(peer)
    await peer.sendHead(buildRequest(target.base, random).bytes)
    const response = await peer.readResponse(OPENING)
    if (response?.status === 101) return peer
    peer.destroy()
    return null
  }
}

/** Resolves to whether the pong arrives in time, whatever else the target sends. */
async function awaitPong(peer: Peer, payload: Buffer, milliseconds: number): Promise<boolean> {
  const wait = async (): Promise<boolean> => {
    for (;;) {
      const event = await peer.next(milliseconds)
      if (event?.kind === 'pong' && event.frame.payload.equals(payload)) return true
      if (event === null || event.kind === 'end' || event.kind === 'close') return false
    }
  }
  return (await within(wait(), milliseconds)) ?? false
}
