import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'
import type { Extension, ExtensionParameter } from '../handshake/header-grammar.ts'
import { type MemoryBudget, processBudget } from './budget.ts'
import type { NormalisedDeflateOptions } from './options.ts'

/** The registered name of the extension (RFC 7692 §7). */
export const EXTENSION_NAME = 'permessage-deflate'

/** What both ends agreed on (RFC 7692 §7.1). */
export interface DeflateParameters {
  /** Whether what the server sends may refer to its earlier messages. */
  readonly serverContextTakeover: boolean
  /** Whether what the client sends may refer to its earlier messages. */
  readonly clientContextTakeover: boolean
  /** Window of what the server sends, as a power of two, 8–15. */
  readonly serverMaxWindowBits: number
  /** Window of what the client sends, as a power of two, 8–15. */
  readonly clientMaxWindowBits: number
}

/** The outcome of a negotiation: the element for the response and what it means. */
export interface Agreement {
  /** The element of the response's `Sec-WebSocket-Extensions`. */
  readonly response: string
  readonly parameters: DeflateParameters
}

/** An element read into the four parameters; the bits are 0 when the parameter has no value. */
interface ParameterSet {
  server_no_context_takeover?: true
  client_no_context_takeover?: true
  server_max_window_bits?: number
  client_max_window_bits?: number
}

/** A decimal number from 8 to 15 without leading zeroes (RFC 7692 §7.1.2). */
const windowBits = /^(?:[89]|1[0-5])$/

/**
 * Answers the client's offers with the first that can be kept (RFC 7692 §5, §7); `null` when there is none. Whatever
 * is wrong with an offer, it is declined and the next one is tried: never an error.
 *
 * The answer has no parameter that was not offered but one: `client_no_context_takeover`, which a server may always
 * ask for (§7.1.1.2), when no window is to be kept or none can be afforded.
 *
 * @param offers Every element of the request's `Sec-WebSocket-Extensions`, in order.
 * @param budget Where windows are counted; default: the budget of the process.
 */
export function negotiate(
  offers: readonly Extension[],
  options: NormalisedDeflateOptions,
  budget: MemoryBudget = processBudget,
): Agreement | null {
  for (const offer of offers) {
    if (offer.name !== EXTENSION_NAME) continue
    const offered = readParameters(offer.parameters)
    if (typeof offered !== 'string') return accept(offered, options, budget)
  }
  return null
}

function accept(offered: ParameterSet, options: NormalisedDeflateOptions, budget: MemoryBudget): Agreement {
  const answer: ParameterSet = {}
  if (offered.server_no_context_takeover) answer.server_no_context_takeover = true
  if (offered.server_max_window_bits !== undefined) {
    answer.server_max_window_bits = Math.min(offered.server_max_window_bits, options.serverMaxWindowBits)
  }
  if (offered.client_max_window_bits !== undefined) {
    const bits = Math.min(offered.client_max_window_bits || 15, options.clientMaxWindowBits)
    if (bits < 15) answer.client_max_window_bits = bits
  }
  const window = 2 ** (answer.client_max_window_bits ?? 15)
  if (
    offered.client_no_context_takeover ||
    !options.clientContextTakeover ||
    !budget.canPromise(window, options.maxCompressionMemory)
  ) {
    answer.client_no_context_takeover = true
  }
  return {
    response: formatElement(answer),
    parameters: {
      serverContextTakeover: options.serverContextTakeover && !answer.server_no_context_takeover,
      clientContextTakeover: !answer.client_no_context_takeover,
      serverMaxWindowBits: answer.server_max_window_bits ?? options.serverMaxWindowBits,
      clientMaxWindowBits: answer.client_max_window_bits ?? 15,
    },
  }
}

/** What a client puts into its request (RFC 7692 §5.1, §7.1). */
export function formatOffer(options: NormalisedDeflateOptions): string {
  return formatElement(offerOf(options))
}

function offerOf(options: NormalisedDeflateOptions): ParameterSet {
  return {
    ...(options.serverContextTakeover ? {} : { server_no_context_takeover: true }),
    ...(options.clientContextTakeover ? {} : { client_no_context_takeover: true }),
    ...(options.serverMaxWindowBits < 15 ? { server_max_window_bits: options.serverMaxWindowBits } : {}),
    client_max_window_bits: options.clientMaxWindowBits < 15 ? options.clientMaxWindowBits : 0,
  }
}

/**
 * Reads the server's answer to `formatOffer(options)` (RFC 7692 §5.1, §7).
 *
 * @throws ProtocolError with code `ERR_WS_EXTENSION` when the answer breaks a rule or does not fit what was offered.
 */
export function checkResponse(extension: Extension, options: NormalisedDeflateOptions): DeflateParameters {
  if (extension.name !== EXTENSION_NAME) throw badResponse(`'${extension.name}' was not offered`)
  const answer = readParameters(extension.parameters)
  if (typeof answer === 'string') throw badResponse(answer)
  const offered = offerOf(options)
  if (answer.client_max_window_bits === 0) throw badResponse('client_max_window_bits needs a value from 8 to 15')
  if (offered.server_no_context_takeover && !answer.server_no_context_takeover) {
    throw badResponse('server_no_context_takeover was offered and is missing')
  }
  const serverBits = answer.server_max_window_bits ?? 15
  if (serverBits > options.serverMaxWindowBits) {
    throw badResponse(`server_max_window_bits is ${serverBits}, offered was ${options.serverMaxWindowBits}`)
  }
  const clientBits = answer.client_max_window_bits ?? 15
  if (answer.client_max_window_bits !== undefined && clientBits > options.clientMaxWindowBits) {
    throw badResponse(`client_max_window_bits is ${clientBits}, offered was ${options.clientMaxWindowBits}`)
  }
  return {
    serverContextTakeover: !answer.server_no_context_takeover,
    clientContextTakeover: options.clientContextTakeover && !answer.client_no_context_takeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: Math.min(clientBits, options.clientMaxWindowBits),
  }
}

function badResponse(what: string): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, 'ERR_WS_EXTENSION', `bad ${EXTENSION_NAME} response: ${what}`)
}

/**
 * Reads the parameters of an offer or a response; a string tells what is wrong with them. A quoted value counts like
 * the token it stands for (RFC 6455 §9.1: “the value after quoted-string unescaping MUST conform to the token”).
 */
function readParameters(parameters: readonly ExtensionParameter[]): ParameterSet | string {
  const found: ParameterSet = {}
  for (const { name, value } of parameters) {
    if (Object.hasOwn(found, name)) return `${name} is given twice`
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== null) return `${name} takes no value, got '${value}'`
        found[name] = true
        break
      case 'server_max_window_bits':
      case 'client_max_window_bits':
        if (value === null && name === 'client_max_window_bits') {
          found[name] = 0
        } else if (value === null || !windowBits.test(value)) {
          return `${name} is '${value ?? ''}', allowed is 8 to 15`
        } else {
          found[name] = Number(value)
        }
        break
      default:
        return `'${name}' is not a parameter of ${EXTENSION_NAME}`
    }
  }
  return found
}

function formatElement(parameters: ParameterSet): string {
  return Object.entries(parameters).reduce(
    (element, [name, value]) => `${element}; ${name}${typeof value === 'number' && value > 0 ? `=${value}` : ''}`,
    EXTENSION_NAME as string,
  )
}
