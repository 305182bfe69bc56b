import { fieldValue, type Response } from './frame.ts'
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

/** The elements of the field, or null when it breaks the grammar (RFC 6455 §9.1). */
export function parseExtensions(value: string): ExtensionElement[] | null {
  const elements = value.split(',').map((part) => ELEMENT.exec(part.trim()))
  if (elements.some((element) => element === null)) return null
  return (elements as RegExpExecArray[]).map(([, name, rest]) => ({
    name,
    params: [...rest.matchAll(PARAM)].map(([, param, text]) => [param, text ?? null]),
  }))
}

/** What an element of permessage-deflate says (RFC 7692 §7.1). */
export interface Agreement {
  serverNoContext: boolean
  clientNoContext: boolean
  /** null: the parameter is not there. */
  serverBits: number | null
  /** null: the parameter is not there; 15 also when it has no value. */
  clientBits: number | null
}

/** Reads the parameters as far as they can be read; what is wrong with them `breachesOf` tells (RFC 7692 §7.1). */
export function readAgreement({ params }: ExtensionElement): Agreement {
  const has = (name: string): boolean => params.some(([param]) => param === name)
  const bitsOf = (name: string): number | null => {
    const bits = Number(params.find(([param]) => param === name)?.[1] ?? WINDOW_BITS)
    return !has(name) ? null : bits >= 8 && bits <= WINDOW_BITS ? bits : WINDOW_BITS
  }
  return {
    serverNoContext: has('server_no_context_takeover'),
    clientNoContext: has('client_no_context_takeover'),
    serverBits: bitsOf('server_max_window_bits'),
    clientBits: bitsOf('client_max_window_bits'),
  }
}

/** What was agreed in a 101, or null when permessage-deflate was not (RFC 7692 §5). */
export function agreementOf(response: Response): Agreement | null {
  const element = parseExtensions(fieldValue(response, 'sec-websocket-extensions') ?? '')?.find(
    ({ name }) => name === PMD,
  )
  return element === undefined ? null : readAgreement(element)
}

/** What is wrong with the parameters of an answer (RFC 7692 §7.1). */
export function breachesOf({ params }: ExtensionElement): string[] {
  return params.flatMap(([name, value], index) => {
    if (params.findIndex(([other]) => other === name) < index) return [`${name} is given twice`]
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        return value === null ? [] : [`${name} has the value ${value}`]
      case 'server_max_window_bits':
      case 'client_max_window_bits':
        return /^(?:[89]|1[0-5])$/.test(value ?? '') ? [] : [`${name} is ${value ?? 'without a value'}`]
      default:
        return [`${name} is no parameter`]
    }
  })
}
