import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { HandshakeError } from '../core/errors.ts'
import { parseForwarded, parseForwardedFor, parseNode } from '../handshake/forwarded.ts'
import type { ServerSettings } from './options.ts'

const RETRY_AFTER = { 'Retry-After': '5' }

/** The settings of an `Admission`. */
export type AdmissionSettings = Pick<ServerSettings, 'maxConnections' | 'maxConnectionsPerAddress' | 'trustedProxies'>

/** Counts connections, in total and per address, and refuses those above the limits. */
export class Admission {
  readonly #maxConnections: number
  readonly #maxPerAddress: number
  readonly #trusted: BlockList
  readonly #isLimited: boolean
  readonly #byAddress = new Map<string, number>()
  #count = 0
  /** The counted streams, each with its `'close'` listener. */
  readonly #counted = new WeakMap<Duplex, () => void>()

  constructor({ maxConnections, maxConnectionsPerAddress, trustedProxies }: AdmissionSettings) {
    this.#maxConnections = maxConnections
    this.#maxPerAddress = maxConnectionsPerAddress
    this.#trusted = makeBlockList(trustedProxies)
    this.#isLimited = Math.min(maxConnections, maxConnectionsPerAddress) < Number.POSITIVE_INFINITY
  }

  /**
   * Counts a stream until it closes.
   *
   * @throws {HandshakeError} 503 when a limit is reached.
   */
  enter(request: IncomingMessage, stream: Duplex): void {
    if (!this.#isLimited) return
    // If the client has disconnected, 'close' was already emitted, so the stream would be counted indefinitely.
    if (stream.closed) return
    if (this.#count >= this.#maxConnections) throw refusal(`too many connections; allowed: ${this.#maxConnections}`)
    const address = this.#maxPerAddress === Number.POSITIVE_INFINITY ? null : this.addressOf(request)
    const before = address === null ? 0 : (this.#byAddress.get(address) ?? 0)
    if (before >= this.#maxPerAddress) {
      throw refusal(`too many connections from one address; allowed: ${this.#maxPerAddress}`)
    }
    this.#count++
    if (address !== null) this.#byAddress.set(address, before + 1)
    this.#awaitLeaving(stream, address)
  }

  /** Stops counting a stream that is left to another listener. */
  leave(stream: Duplex): void {
    const end = this.#counted.get(stream)
    if (end === undefined) return
    stream.off('close', end)
    end()
  }

  #awaitLeaving(stream: Duplex, address: string | null): void {
    const end = (): void => this.#end(address)
    this.#counted.set(stream, end)
    stream.once('close', end)
  }

  /** Returns the client's address: the last forwarded one that is not a trusted proxy, otherwise the socket's. */
  addressOf(request: IncomingMessage): string {
    let address = request.socket.remoteAddress ?? ''
    if (!this.#isTrusted(address)) return address
    const hops = readHops(request)
    while (hops.length > 0 && this.#isTrusted(address)) {
      const hop = parseNode(hops.pop()!)
      if (hop === null) break
      address = hop
    }
    return address
  }

  #isTrusted(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }

  #end(address: string | null): void {
    this.#count--
    if (address === null) return
    const left = this.#byAddress.get(address)! - 1
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
  }
}

function readHops({ headers }: IncomingMessage): string[] {
  const forwardedFor = headers['x-forwarded-for']
  if (forwardedFor !== undefined) return parseForwardedFor(String(forwardedFor))
  return headers.forwarded === undefined ? [] : parseForwarded(headers.forwarded)
}

function refusal(found: string): HandshakeError {
  return new HandshakeError(503, 'ERR_WS_TOO_MANY', found, RETRY_AFTER)
}

function makeBlockList(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address, prefix] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
