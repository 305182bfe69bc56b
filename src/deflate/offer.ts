import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'
import type { Extension, ExtensionParameter } from '../handshake/header-grammar.ts'
import { type MemoryBudget, processBudget } from './budget.ts'
import type { ResolvedDeflateOptions } from './options.ts'

export type { ResolvedDeflateOptions }

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
export interface DeflateAgreement {
  /** The element of the response's `Sec-WebSocket-Extensions`. */
  readonly response: string
  readonly parameters: DeflateParameters
}

/** An element read into the four parameters; the bits are 0 when the parameter has no value. */
interface ParameterSet {
  server_no_context_takeover?: true | undefined
  client_no_context_takeover?: true | undefined
  server_max_window_bits?: number | undefined
  client_max_window_bits?: number | undefined
}

/** A decimal number from 8 to 15 without leading zeroes (RFC 7692 §7.1.2). */
const windowBits = /^(?:[89]|1[0-5])$/

/**
 * Accepts the first of the client's offers that is valid (RFC 7692 §5, §7); `null` when there is none. An invalid offer is
 * declined, never an error.
 *
 * The answer has only parameters that were offered, but for `client_no_context_takeover`, which a server may always ask
 * for (§7.1.1.2): when no window shall be stored, or memory for it is short.
 *
 * @param offers Every element of the request's `Sec-WebSocket-Extensions`, in order.
 * @param budget Where windows are counted; default: the budget of the process.
 */
export function negotiate(
  offers: readonly Extension[],
  options: ResolvedDeflateOptions,
  budget: MemoryBudget = processBudget,
): DeflateAgreement | null {
  for (const offer of offers) {
    if (offer.name !== EXTENSION_NAME) continue
    const offered = readParameters(offer.parameters)
    if (typeof offered !== 'string') return accept(offered, options, budget)
  }
  return null
}

function accept(offered: ParameterSet, options: ResolvedDeflateOptions, budget: MemoryBudget): DeflateAgreement {
  const answer: ParameterSet = {}
  // §7.1.1.1: a server that accepts the parameter must include it in its answer.
  if (offered.server_no_context_takeover) answer.server_no_context_takeover = true
  // §7.1.2.1: the answer is the offered window or a smaller one.
  const serverBits = offered.server_max_window_bits
  if (serverBits !== undefined) answer.server_max_window_bits = Math.min(serverBits, options.serverMaxWindowBits)
  // §7.1.2.2: only a client that offers the parameter can be limited.
  const clientBits = clientWindow(offered, options)
  if (clientBits < 15) answer.client_max_window_bits = clientBits
  // §7.1.1.2: a server may ask for it whether it was offered or not.
  const isWindowStored =
    options.clientContextTakeover &&
    !offered.client_no_context_takeover &&
    budget.canPromise(2 ** clientBits, options.maxCompressionMemory)
  if (!isWindowStored) answer.client_no_context_takeover = true
  return {
    response: formatElement(answer),
    parameters: {
      serverContextTakeover: options.serverContextTakeover && !offered.server_no_context_takeover,
      clientContextTakeover: isWindowStored,
      serverMaxWindowBits: answer.server_max_window_bits ?? options.serverMaxWindowBits,
      clientMaxWindowBits: clientBits,
    },
  }
}

function clientWindow({ client_max_window_bits: offered }: ParameterSet, options: ResolvedDeflateOptions): number {
  return offered === undefined ? 15 : Math.min(offered || 15, options.clientMaxWindowBits)
}

/** What a client puts into its request (RFC 7692 §5.1, §7.1). */
export function formatOffer(options: ResolvedDeflateOptions): string {
  return formatElement(offerOf(options))
}

function offerOf(options: ResolvedDeflateOptions): ParameterSet {
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
 * @throws {ProtocolError} `ERR_WS_EXTENSION` when the answer breaks a rule or does not fit what was offered.
 */
export function checkDeflateResponse(extension: Extension, options: ResolvedDeflateOptions): DeflateParameters {
  if (extension.name !== EXTENSION_NAME) throw badDeflateResponse(`'${extension.name}' was not offered`)
  const answer = readParameters(extension.parameters)
  if (typeof answer === 'string') throw badDeflateResponse(answer)
  const offered = offerOf(options)
  if (answer.client_max_window_bits === 0) throw badDeflateResponse('client_max_window_bits needs a value from 8 to 15')
  if (offered.server_no_context_takeover && !answer.server_no_context_takeover) {
    throw badDeflateResponse('server_no_context_takeover was offered and is missing')
  }
  const serverBits = answer.server_max_window_bits ?? 15
  if (serverBits > options.serverMaxWindowBits) {
    throw badDeflateResponse(`server_max_window_bits is ${serverBits}, offered was ${options.serverMaxWindowBits}`)
  }
  const clientBits = answer.client_max_window_bits ?? 15
  if (answer.client_max_window_bits !== undefined && clientBits > options.clientMaxWindowBits) {
    throw badDeflateResponse(`client_max_window_bits is ${clientBits}, offered was ${options.clientMaxWindowBits}`)
  }
  return {
    serverContextTakeover: !answer.server_no_context_takeover,
    clientContextTakeover: options.clientContextTakeover && !answer.client_no_context_takeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: Math.min(clientBits, options.clientMaxWindowBits),
  }
}

function badDeflateResponse(what: string): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, 'ERR_WS_EXTENSION', `bad ${EXTENSION_NAME} response: ${what}`)
}

/** Whether each parameter has a value (RFC 7692 §7.1). */
const valueRule: Record<keyof ParameterSet, 'none' | 'required' | 'optional'> = {
  server_no_context_takeover: 'none',
  client_no_context_takeover: 'none',
  server_max_window_bits: 'required',
  client_max_window_bits: 'optional',
}

/**
 * Reads the parameters of an offer or a response; a string describes what is wrong with them. A quoted value counts like the
 * token inside (RFC 6455 §9.1: “the value after quoted-string unescaping MUST conform to the 'token' ABNF.”).
 */
function readParameters(parameters: readonly ExtensionParameter[]): ParameterSet | string {
  const found: Record<string, true | number> = {}
  for (const { name, value } of parameters) {
    if (!Object.hasOwn(valueRule, name)) return `'${name}' is not a parameter of ${EXTENSION_NAME}`
    if (Object.hasOwn(found, name)) return `${name} is given twice`
    const rule = valueRule[name as keyof ParameterSet]
    if (rule === 'none') {
      if (value !== null) return `${name} has the value '${value}'; allowed: none`
      found[name] = true
    } else {
      const isAllowed = value === null ? rule === 'optional' : windowBits.test(value)
      if (!isAllowed) return `${name} is '${value ?? ''}'; allowed: 8 to 15`
      found[name] = Number(value)
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
