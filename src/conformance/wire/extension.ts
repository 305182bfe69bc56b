import { fieldValue, type Response } from './http.ts'
import { WINDOW_BITS } from './inflate.ts'

/** The name of the extension (RFC 7692 §7). */
export const PMD = 'permessage-deflate'

/** One element of Sec-WebSocket-Extensions (RFC 6455 §9.1). */
export interface ExtensionElement {
  name: string
  params: [name: string, value: string | null][]
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const ELEMENT = new RegExp(`^(${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}(?:[ \\t]*=[ \\t]*(?:${TOKEN}|"${TOKEN}"))?)*)$`)
const PARAM = new RegExp(`;[ \\t]*(${TOKEN})(?:[ \\t]*=[ \\t]*"?(${TOKEN})"?)?`, 'g')

/** Parses the field into its elements. Returns null when it violates the grammar (RFC 6455 §9.1). */
export function parseExtensions(value: string): ExtensionElement[] | null {
  const elements = value.split(',').map((part) => ELEMENT.exec(part.trim()))
  if (elements.some((element) => element === null)) return null
  return (elements as RegExpExecArray[]).map(([, name, rest]) => ({
    name,
    params: [...rest.matchAll(PARAM)].map(([, param, text]) => [param, text ?? null]),
  }))
}

/** Returns the elements in a request or response. Returns null when the field violates the grammar. */
export function extensionsOf(head: Pick<Response, 'fields'>): ExtensionElement[] | null {
  const value = fieldValue(head, 'sec-websocket-extensions')
  return value === null ? [] : parseExtensions(value)
}

/** Returns the first element of permessage-deflate in a request or response (RFC 7692 §5). */
export function deflateElementOf(head: Pick<Response, 'fields'>): ExtensionElement | undefined {
  return extensionsOf(head)?.find(({ name }) => name === PMD)
}

/** Returns whether the element has this parameter. */
export function hasParam(element: ExtensionElement | undefined, name: string): boolean {
  return element?.params.some(([param]) => param === name) ?? false
}

/** Returns the value of this parameter, or null when it is absent or has no value. */
export function paramOf({ params }: ExtensionElement, name: string): string | null {
  return params.find(([param]) => param === name)?.[1] ?? null
}

/** The parameters of permessage-deflate (RFC 7692 §7.1). */
export interface Agreement {
  serverNoContext: boolean
  clientNoContext: boolean
  /** The value of server_max_window_bits; null when the parameter is absent. */
  serverBits: number | null
  /** The value of client_max_window_bits; null when the parameter is absent, 15 when it has no value. */
  clientBits: number | null
}

/** Reads the parameters as far as they are valid. `paramBreaches` describes invalid ones (RFC 7692 §7.1). */
export function readAgreement(element: ExtensionElement): Agreement {
  const bitsOf = (name: string): number | null => {
    if (!hasParam(element, name)) return null
    const bits = Number(paramOf(element, name) ?? WINDOW_BITS)
    return bits >= 8 && bits <= WINDOW_BITS ? bits : WINDOW_BITS
  }
  return {
    serverNoContext: hasParam(element, 'server_no_context_takeover'),
    clientNoContext: hasParam(element, 'client_no_context_takeover'),
    serverBits: bitsOf('server_max_window_bits'),
    clientBits: bitsOf('client_max_window_bits'),
  }
}

/** Returns what a 101 agrees to, or null without permessage-deflate (RFC 7692 §5). */
export function agreementOf(response: Pick<Response, 'fields'>): Agreement | null {
  const element = deflateElementOf(response)
  return element === undefined ? null : readAgreement(element)
}

/** Describes what is invalid in the parameters of an offer or a response (RFC 7692 §7.1). */
export function paramBreaches({ params }: ExtensionElement, place: 'offer' | 'answer'): string[] {
  return params.flatMap(([name, value], index) => {
    if (params.findIndex(([other]) => other === name) < index) return [`${name} is given twice`]
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        return value === null ? [] : [`${name} has the value ${value}`]
      case 'client_max_window_bits':
        // Only a client may omit the value (RFC 7692 §7.1.2.2).
        if (place === 'offer' && value === null) return []
        return windowBitsBreach(name, value)
      case 'server_max_window_bits':
        return windowBitsBreach(name, value)
      default:
        return [`${name} is not a parameter of ${PMD}`]
    }
  })
}

function windowBitsBreach(name: string, value: string | null): string[] {
  return /^(?:[89]|1[0-5])$/.test(value ?? '') ? [] : [`${name} is ${value ?? 'without a value'}`]
}
