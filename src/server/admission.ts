import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RequestSource } from '../connection/host.ts'
import { HandshakeError } from '../core/errors.ts'

/** How many connections are let in, and who counts as one address. */
export interface AdmissionOptions {
  /** Connections at once, those that wait for a decision included; more get 503 with `Retry-After`. Default: no limit. */
  maxConnections?: number
  /** Connections at once from one address; more get 503 with `Retry-After`. Default: no limit. */
  maxConnectionsPerAddress?: number
  /**
   * Addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed, read from right to left.
   * Default: none, and the field is ignored.
   */
  trustedProxies?: readonly string[]
}

const RETRY_AFTER = { 'Retry-After': '5' }

/** Counts who is in and refuses who is too many. */
export class Admission {
  readonly #maxConnections: number
  readonly #maxPerAddress: number
  readonly #trusted: BlockList
  readonly #isLimited: boolean
  readonly #byAddress = new Map<string, number>()
  #count = 0

  /** Throws a RangeError for a limit that is no positive number, a TypeError for a proxy that is no address or network. */
  constructor({ maxConnections, maxConnectionsPerAddress, trustedProxies = [] }: AdmissionOptions) {
    this.#maxConnections = readCount('maxConnections', maxConnections)
    this.#maxPerAddress = readCount('maxConnectionsPerAddress', maxConnectionsPerAddress)
    this.#trusted = readNetworks(trustedProxies)
    this.#isLimited = Math.min(this.#maxConnections, this.#maxPerAddress) < Number.POSITIVE_INFINITY
  }

  /** Counts the stream in until it closes; throws a HandshakeError 503 when it is one too many. */
  enter(source: RequestSource, stream: Duplex): void {
    if (!this.#isLimited) return
    // Handed over late, when the client had gone: nothing would count it out again.
    if (stream.closed) return
    if (this.#count >= this.#maxConnections) throw refusal(`${this.#maxConnections} connections, the most allowed`)
    const address = this.#maxPerAddress === Number.POSITIVE_INFINITY ? null : this.addressOf(source.message)
    const before = address === null ? 0 : (this.#byAddress.get(address) ?? 0)
    if (before >= this.#maxPerAddress)
      throw refusal(`${this.#maxPerAddress} connections from one address, the most allowed`)
    this.#count++
    if (address !== null) this.#byAddress.set(address, before + 1)
    this.#awaitLeaving(stream, address)
  }

  #awaitLeaving(stream: Duplex, address: string | null): void {
    stream.once('close', () => this.#leave(address))
  }

  /** The client's address: the last in `X-Forwarded-For` that no trusted proxy has, else the socket's. */
  addressOf(request: IncomingMessage): string {
    const forwarded = request.headers['x-forwarded-for']
    const hops =
      forwarded === undefined
        ? []
        : String(forwarded)
            .split(',')
            .map((hop) => hop.trim())
    let address = request.socket.remoteAddress ?? ''
    while (hops.length > 0 && this.#isTrusted(address)) {
      const hop = hops.pop()!
      if (isIP(hop) === 0) break
      address = hop
    }
    return address
  }

  #isTrusted(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#trusted.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }

  #leave(address: string | null): void {
    this.#count--
    if (address === null) return
    const left = this.#byAddress.get(address)! - 1
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
  }
}

function refusal(found: string): HandshakeError {
  return new HandshakeError(503, 'ERR_WS_TOO_MANY', found, RETRY_AFTER)
}

function readCount(name: string, value = Number.POSITIVE_INFINITY): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new RangeError(`option ${name} is ${String(value)}; a positive number is allowed`)
  return value
}

function readNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address, prefix, ...rest] = String(network).split('/')
    const version = isIP(address)
    const bits = version === 6 ? 128 : 32
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
    if (version === 0 || !isPrefix || rest.length > 0)
      throw new TypeError(`trusted proxy ${network}; an address or a network such as 10.0.0.0/8 is allowed`)
    const family = version === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
