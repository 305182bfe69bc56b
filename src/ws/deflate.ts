import type { MessageCodec } from '../core/message-codec.ts'
import { DeflateCodec } from '../deflate/codec.ts'
import { type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import { integer } from '../options/option-rule.ts'
import { checkOption } from '../options/read-options.ts'
import type { ExtensionParameters } from './header.ts'

/** The options of zlib whose values are numbers. */
type ZlibNumbers = Partial<
  Record<'chunkSize' | 'finishFlush' | 'flush' | 'level' | 'memLevel' | 'strategy' | 'windowBits', number | undefined>
>

/** Options of permessage-deflate, named as in npm ws. */
export interface PerMessageDeflateOptions {
  serverNoContextTakeover?: boolean | undefined
  clientNoContextTakeover?: boolean | undefined
  serverMaxWindowBits?: number | undefined
  clientMaxWindowBits?: number | undefined
  /** Only `level` and `memLevel` are used. */
  zlibDeflateOptions?: ZlibNumbers | undefined
  /** Ignored. */
  zlibInflateOptions?: ZlibNumbers | undefined
  /** Size in bytes below which messages are sent uncompressed. Default 1024. */
  threshold?: number | undefined
  /** Ignored: all connections of the process share one queue. */
  concurrencyLimit?: number | undefined
}

/** Options of one negotiation. They include window bits of any type, as JavaScript programs may pass them. */
export interface NegotiationOptions
  extends Omit<PerMessageDeflateOptions, 'serverMaxWindowBits' | 'clientMaxWindowBits'> {
  serverMaxWindowBits?: number | boolean | undefined
  clientMaxWindowBits?: number | boolean | undefined
  isServer?: boolean | undefined
  maxPayload?: number | undefined
}

/** Agreed or offered parameters. `true` is a parameter without a value. */
export type Parameters = Record<string, true | number>

const flags = ['client_no_context_takeover', 'server_no_context_takeover']
const windows = ['client_max_window_bits', 'server_max_window_bits']

/** Negotiates permessage-deflate (RFC 7692 §7.1) with the rules and error messages of npm ws. */
export class PerMessageDeflate {
  static readonly extensionName = 'permessage-deflate'
  /** The negotiated parameters; null before the negotiation. */
  params: Parameters | null = null
  readonly #options: NegotiationOptions
  readonly #isServer: boolean
  readonly #codecOptions: ResolvedDeflateOptions
  /** Not used here, but programs read it. */
  _maxPayload: number

  /**
   * @throws {TypeError} when an option of zlib has the wrong type.
   * @throws {RangeError} when an option of zlib is not allowed.
   */
  constructor(options: NegotiationOptions = {}) {
    this.#options = options
    this.#isServer = options.isServer === true
    this.#codecOptions = readCodecOptions(options)
    this._maxPayload = (options.maxPayload ?? 0) | 0
  }

  /** Returns the parameters of a client's offer. */
  offer(): Parameters {
    const options = this.#options
    const offered: Parameters = {}
    if (options.serverNoContextTakeover) offered['server_no_context_takeover'] = true
    if (options.clientNoContextTakeover) offered['client_no_context_takeover'] = true
    if (options.serverMaxWindowBits) offered['server_max_window_bits'] = options.serverMaxWindowBits
    const { clientMaxWindowBits } = options
    if (clientMaxWindowBits) offered['client_max_window_bits'] = clientMaxWindowBits
    else if (clientMaxWindowBits === undefined || clientMaxWindowBits === null) offered['client_max_window_bits'] = true
    return offered
  }

  /**
   * Accepts one of a client's offers, or a server's response.
   *
   * @throws {Error} when none of them is acceptable, or the response is invalid.
   */
  accept(configurations: readonly ExtensionParameters[]): Parameters {
    const read = configurations.map((parameters) => this.#read(parameters))
    this.params = this.#isServer ? this.#acceptOffer(read) : this.#acceptResponse(read[0])
    return this.params
  }

  /** Does nothing, because the socket releases the codec. It exists for programs that call it. */
  cleanup(): void {}

  /** Creates the codec of a connection. Call `accept` first. */
  createCodec(): MessageCodec {
    const agreed = this.params!
    const bits = (name: string): number => (typeof agreed[name] === 'number' ? agreed[name] : 15)
    const role = this.#isServer ? 'server' : 'client'
    return new DeflateCodec({
      role,
      parameters: {
        serverContextTakeover: !agreed['server_no_context_takeover'],
        clientContextTakeover: !agreed['client_no_context_takeover'],
        serverMaxWindowBits: bits('server_max_window_bits'),
        clientMaxWindowBits: bits('client_max_window_bits'),
      },
      options: this.#codecOptions,
    })
  }

  #read(given: ExtensionParameters): Parameters {
    const read: Parameters = Object.create(Object.getPrototypeOf(given))
    for (const [name, values] of Object.entries(given)) {
      if (values.length > 1) throw new Error(`Parameter "${name}" must have only a single value`)
      if (!flags.includes(name) && !windows.includes(name)) throw new Error(`Unknown parameter "${name}"`)
      read[name] = flags.includes(name) ? readFlag(name, values[0]) : this.#readBits(name, values[0])
    }
    return read
  }

  #readBits(name: string, value: string | true): true | number {
    if (value === true && name === 'client_max_window_bits' && this.#isServer) return true
    const bits = Number(value)
    if (value === true || !Number.isInteger(bits) || bits < 8 || bits > 15) throw invalidValue(name, value)
    return bits
  }

  #acceptOffer(offers: readonly Parameters[]): Parameters {
    const accepted = offers.find((offer) => this.#isAcceptable(offer))
    if (accepted === undefined) throw new Error('None of the extension offers can be accepted')
    const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = this.#options
    if (serverNoContextTakeover) accepted['server_no_context_takeover'] = true
    if (clientNoContextTakeover) accepted['client_no_context_takeover'] = true
    if (typeof serverMaxWindowBits === 'number') accepted['server_max_window_bits'] = serverMaxWindowBits
    if (typeof clientMaxWindowBits === 'number') accepted['client_max_window_bits'] = clientMaxWindowBits
    else if (accepted['client_max_window_bits'] === true || clientMaxWindowBits === false) {
      delete accepted['client_max_window_bits']
    }
    return accepted
  }

  #isAcceptable(offer: Parameters): boolean {
    const { serverNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = this.#options
    const serverBits = offer['server_max_window_bits']
    if (serverNoContextTakeover === false && offer['server_no_context_takeover']) return false
    if (serverBits !== undefined && serverMaxWindowBits === false) return false
    if (
      serverBits !== undefined &&
      typeof serverMaxWindowBits === 'number' &&
      serverMaxWindowBits > Number(serverBits)
    ) {
      return false
    }
    const clientBits = offer['client_max_window_bits']
    if (typeof clientMaxWindowBits !== 'number') return true
    return clientBits === true || (clientBits !== undefined && clientMaxWindowBits <= clientBits)
  }

  #acceptResponse(response: Parameters): Parameters {
    const { clientNoContextTakeover, clientMaxWindowBits } = this.#options
    if (clientNoContextTakeover === false && response['client_no_context_takeover']) {
      throw new Error('Unexpected parameter "client_no_context_takeover"')
    }
    const bits = response['client_max_window_bits']
    if (bits === undefined) {
      if (typeof clientMaxWindowBits === 'number') response['client_max_window_bits'] = clientMaxWindowBits
    } else if (
      clientMaxWindowBits === false ||
      (typeof clientMaxWindowBits === 'number' && Number(bits) > clientMaxWindowBits)
    ) {
      throw new Error('Unexpected or invalid parameter "client_max_window_bits"')
    }
    return response
  }
}

const zlibRules = { level: integer(4, -1, 9), memLevel: integer(8, 1, 9) }

/**
 * Reads the options of the codec. npm ws detects invalid options of zlib only at the first message, and throws there.
 */
function readCodecOptions({ threshold, zlibDeflateOptions }: NegotiationOptions): ResolvedDeflateOptions {
  const { level, memLevel } = zlibDeflateOptions ?? {}
  for (const [name, value] of Object.entries({ level, memLevel })) {
    const rule = zlibRules[name as keyof typeof zlibRules]
    if (value !== undefined) checkOption(`perMessageDeflate.zlibDeflateOptions.${name}`, value, rule)
  }
  return readDeflateOptions({
    threshold: readThreshold(threshold),
    maxCompressionMemory: Number.MAX_SAFE_INTEGER,
    // For zlib, -1 means its default.
    level: level === -1 ? undefined : level,
    memLevel,
  })
}

/** Reads any value as npm ws does, which compresses a message when `length >= threshold`. */
function readThreshold(threshold: unknown = 1024): number {
  const size = Math.ceil(Number(threshold))
  return size >= 0 ? Math.min(size, Number.MAX_SAFE_INTEGER) : size < 0 ? 0 : Number.MAX_SAFE_INTEGER
}

function readFlag(name: string, value: string | true): true {
  if (value !== true) throw invalidValue(name, value)
  return true
}

function invalidValue(name: string, value: string | true): TypeError {
  return new TypeError(`Invalid value for parameter "${name}": ${value}`)
}
