import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'
import type { Extension, ExtensionParameter } from '../handshake/header-grammar.ts'
import { type MemoryBudget, processBudget } from './budget.ts'
import type { ResolvedDeflateOptions } from './options.ts'

export type { ResolvedDeflateOptions }

/** The registered name of the extension (RFC 7692 §7). */
export const EXTENSION_NAME = 'permessage-deflate'

/** The negotiated parameters (RFC 7692 §7.1). */
export interface DeflateParameters {
  /** Whether the server's messages may refer to earlier ones. */
  readonly serverContextTakeover: boolean
  /** Whether the client's messages may refer to earlier ones. */
  readonly clientContextTakeover: boolean
  /** The base-2 logarithm of the window size for the server's messages, 8–15. */
  readonly serverMaxWindowBits: number
  /** The base-2 logarithm of the window size for the client's messages, 8–15. */
  readonly clientMaxWindowBits: number
}

/** The result of a negotiation: the extension in the response, and the resulting parameters. */
export interface DeflateAgreement {
  /** The element for the `Sec-WebSocket-Extensions` of the response. */
  readonly response: string
  readonly parameters: DeflateParameters
}

/** The four parameters of an offer or response. Window bits are 0 for a parameter without a value. */
interface ParameterSet {
  server_no_context_takeover?: true | undefined
  client_no_context_takeover?: true | undefined
  server_max_window_bits?: number | undefined
  client_max_window_bits?: number | undefined
}

/** The values of a window bits parameter: 8 to 15 in decimal, without leading zeros (RFC 7692 §7.1.2). */
const windowBits = /^(?:[89]|1[0-5])$/

/**
 * Accepts the first valid offer of the client (RFC 7692 §5, §7). Returns null when there is none. Invalid offers are
 * declined, which is not an error.
 *
 * The response contains only parameters that were offered, except `client_no_context_takeover`: a server may always
 * request it (§7.1.1.2), and does so when no window should be stored or memory is short.
 *
 * @param offers All elements of the request's `Sec-WebSocket-Extensions`, in order.
 * @param budget Counts the windows. Default: the budget of the process.
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
  // §7.1.1.1: a server that accepts the parameter must include it in its response.
  if (offered.server_no_context_takeover) answer.server_no_context_takeover = true
  // §7.1.2.1: the response has the offered window or a smaller one.
  const serverBits = offered.server_max_window_bits
  if (serverBits !== undefined) answer.server_max_window_bits = Math.min(serverBits, options.serverMaxWindowBits)
  // §7.1.2.2: only a client that offers the parameter can be limited.
  const clientBits = clientWindow(offered, options)
  if (clientBits < 15) answer.client_max_window_bits = clientBits
  // §7.1.1.2: a server may request no context takeover from the client whether it was offered or not.
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

/** Formats the offer of a client (RFC 7692 §5.1, §7.1). */
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
 * Checks the server's response to `formatOffer(options)` (RFC 7692 §5.1, §7).
 *
 * @throws {ProtocolError} `ERR_WS_EXTENSION` when the response is invalid or does not match the offer.
 */
export function checkDeflateResponse(extension: Extension, options: ResolvedDeflateOptions): DeflateParameters {
  if (extension.name !== EXTENSION_NAME) throw badDeflateResponse(`'${extension.name}' was not offered`)
  const answer = readParameters(extension.parameters)
  if (typeof answer === 'string') throw badDeflateResponse(answer)
  const offered = offerOf(options)
  if (answer.client_max_window_bits === 0)
    throw badDeflateResponse('client_max_window_bits has no value; allowed: 8 to 15')
  if (offered.server_no_context_takeover && !answer.server_no_context_takeover) {
    throw badDeflateResponse('server_no_context_takeover was offered but is missing')
  }
  const serverBits = answer.server_max_window_bits ?? 15
  if (serverBits > options.serverMaxWindowBits) {
    throw badDeflateResponse(`server_max_window_bits is ${serverBits}; allowed: 8 to ${options.serverMaxWindowBits}`)
  }
  const clientBits = answer.client_max_window_bits ?? 15
  if (answer.client_max_window_bits !== undefined && clientBits > options.clientMaxWindowBits) {
    throw badDeflateResponse(`client_max_window_bits is ${clientBits}; allowed: 8 to ${options.clientMaxWindowBits}`)
  }
  return {
    serverContextTakeover: !answer.server_no_context_takeover,
    clientContextTakeover: options.clientContextTakeover && !answer.client_no_context_takeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: Math.min(clientBits, options.clientMaxWindowBits),
  }
}

function badDeflateResponse(what: string): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, 'ERR_WS_EXTENSION', `invalid ${EXTENSION_NAME} response: ${what}`)
}

/** Whether a parameter has a value (RFC 7692 §7.1). */
const valueRule: Record<keyof ParameterSet, 'none' | 'required' | 'optional'> = {
  server_no_context_takeover: 'none',
  client_no_context_takeover: 'none',
  server_max_window_bits: 'required',
  client_max_window_bits: 'optional',
}

/**
 * Reads the parameters of an offer or response. Returns an error message when they are invalid. A quoted value is equal
 * to the token inside (RFC 6455 §9.1: “the value after quoted-string unescaping MUST conform to the 'token' ABNF.”).
 */
function readParameters(parameters: readonly ExtensionParameter[]): ParameterSet | string {
  const found: Record<string, true | number> = {}
  for (const { name, value } of parameters) {
    if (!Object.hasOwn(valueRule, name)) return `'${name}' is not a parameter of ${EXTENSION_NAME}`
    if (Object.hasOwn(found, name)) return `${name} occurs twice`
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
