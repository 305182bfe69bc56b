import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connection } from '../connection/connection.ts'
import { startDeadline } from '../connection/deadline.ts'
import { channels } from '../connection/diagnostics.ts'
import type { ConnectionSetup } from '../connection/host.ts'
import { HandshakeError } from '../core/errors.ts'
import { checkExtendedConnect, isExtendedConnect } from '../handshake/extended-connect.ts'
import { checkUpgradeRequest, type UpgradeRequestHead } from '../handshake/upgrade-request.ts'
import { guardStream, releaseStream } from '../transport/stream-owner.ts'
import { callUser } from '../user-code/user-code.ts'
import { Admission } from './admission.ts'
import type { ConnectionSet } from './connection-set.ts'
import type { ServerSettings } from './options.ts'
import { OriginWarnings } from './origin-warnings.ts'
import { isTaken } from './shared-stream.ts'
import { refusePending, refuseStream, Upgrade, type UpgradeHost } from './upgrade.ts'

const ignore = (): void => {}

/** The opening handshakes of one server, from the request to the decision (RFC 6455 §4.2). */
export class Handshakes implements UpgradeHost {
  readonly deflate: ServerSettings['deflate']
  readonly limits: ServerSettings['limits']
  readonly #set: ConnectionSet
  readonly #decide: (upgrade: Upgrade) => void
  readonly #admission: Admission
  readonly #timeout: number
  /** Upgrades without a decision, each with the function that cancels its timeout. */
  readonly #pending = new Map<Upgrade, () => void>()
  readonly #refused = new Map<number, number>()
  readonly #originWarnings: OriginWarnings | null
  #isClosing = false

  /** @param decide Accepts or refuses an upgrade, now or later. May throw or return a promise. */
  constructor(settings: ServerSettings, set: ConnectionSet, decide: (upgrade: Upgrade) => unknown) {
    this.deflate = settings.deflate
    this.limits = settings.limits
    this.#timeout = settings.handshakeTimeout
    this.#admission = new Admission(settings)
    this.#originWarnings = settings.originWarnings ? new OriginWarnings() : null
    this.#set = set
    this.#decide = decide
  }

  /** Number of refused requests by HTTP status. */
  get refused(): ReadonlyMap<number, number> {
    return this.#refused
  }

  /**
   * Checks a request, and refuses it or passes it to `decide`. Never throws because of what the peer sent.
   *
   * @param isShared Whether a request that is not accepted is left to other listeners instead of refused.
   */
  begin(request: UpgradeRequestHead, message: IncomingMessage, stream: Duplex, head: Buffer, isShared = false): void {
    guardStream(stream)
    let upgrade: Upgrade
    try {
      this.#checkCapacity()
      this.#admission.enter(message, stream)
      const contents = isExtendedConnect(request) ? checkExtendedConnect(request) : checkUpgradeRequest(request)
      upgrade = new Upgrade(contents, message, stream, head, this, isShared)
    } catch (error) {
      const refusal = this.toRefusal(error)
      if (isShared) return this.leave(stream, refusal)
      this.onRefused(message, refusal)
      return refuseStream(stream, refusal, request.method)
    }
    callUser(
      () => this.#decide(upgrade),
      (error) => refusePending(upgrade, error),
    )
    if (!upgrade.settled) this.#awaitDecision(upgrade)
  }

  /** Leaves a request to other listeners, and refuses it when none of them responds within the handshake timeout. */
  leave(stream: Duplex, error: HandshakeError): void {
    this.#admission.leave(stream)
    releaseStream(stream)
    stream.on('error', ignore)
    const timer = setTimeout(() => {
      if (!isTaken(stream)) refuseStream(stream, error)
    }, this.#timeout)
    timer.unref()
    stream.once('close', () => clearTimeout(timer))
  }

  onLeft(upgrade: Upgrade, error: HandshakeError): void {
    this.leave(upgrade.stream, error)
  }

  /** Refuses all pending upgrades and all later ones. */
  close(): void {
    this.#isClosing = true
    for (const upgrade of this.#pending.keys()) refusePending(upgrade, serverClosing())
  }

  open(stream: Duplex, setup: Omit<ConnectionSetup, 'role' | 'host'>): Connection {
    return this.#set.open(stream, setup)
  }

  addressOf(request: IncomingMessage): string {
    return this.#admission.addressOf(request)
  }

  toRefusal(error: unknown): HandshakeError {
    try {
      if (error instanceof HandshakeError) return error
    } catch {
      // `instanceof` can throw for a Proxy. The request must be refused all the same.
    }
    this.reportError(error)
    return new HandshakeError(500, 'ERR_WS_INTERNAL', 'internal error')
  }

  reportError(error: unknown): void {
    this.#set.reportError(error)
  }

  /** @param request Null when the request head could not be parsed. */
  onRefused(request: IncomingMessage | null, error: HandshakeError): void {
    this.#refused.set(error.status, (this.#refused.get(error.status) ?? 0) + 1)
    if (error.code === 'ERR_WS_ORIGIN') this.#originWarnings?.warn(error.message)
    if (channels.refusal.hasSubscribers) channels.refusal.publish({ request, error })
  }

  onSettled(upgrade: Upgrade): void {
    this.#pending.get(upgrade)?.()
  }

  #checkCapacity(): void {
    if (this.#isClosing) throw serverClosing()
    if (this.#set.memory.isSpent) {
      const message = 'no memory for another connection (option maxMemory)'
      throw new HandshakeError(503, 'ERR_WS_MEMORY', message, { 'Retry-After': '5' })
    }
  }

  /** Refuses an upgrade when there is no decision in time. */
  #awaitDecision(upgrade: Upgrade): void {
    const { stream } = upgrade
    const cancel = startDeadline(this.#timeout, () => {
      // Another listener of the HTTP server has answered a request that the user's code left to it.
      if (isTaken(stream)) return forget()
      const message = `no decision on the request within ${this.#timeout} ms`
      refusePending(upgrade, new HandshakeError(503, 'ERR_WS_HANDSHAKE_TIMEOUT', message, { 'Retry-After': '5' }))
    })
    const forget = (): void => {
      cancel()
      this.#pending.delete(upgrade)
      stream.off('close', forget)
    }
    this.#pending.set(upgrade, forget)
    stream.once('close', forget)
  }
}

function serverClosing(): HandshakeError {
  return new HandshakeError(503, 'ERR_WS_SERVER_CLOSING', 'the server is closing', { 'Retry-After': '1' })
}
