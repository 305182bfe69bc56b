import { fieldValue } from '../wire/frame.ts'
import type { ClientRequest } from './request.ts'

/** One element of Sec-WebSocket-Extensions as the client sent it (RFC 6455 §9.1). */
export interface Offer {
  name: string
  params: [name: string, value: string | null][]
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const ELEMENT = new RegExp(`^(${TOKEN})((?:\\s*;\\s*${TOKEN}(?:\\s*=\\s*(?:${TOKEN}|"${TOKEN}"))?)*)$`)
const PARAM = new RegExp(`;\\s*(${TOKEN})(?:\\s*=\\s*"?(${TOKEN})"?)?`, 'g')

/** What the client offers, or null when the field breaks the grammar; nothing offered is an empty list. */
export function readOffers(request: Pick<ClientRequest, 'fields'>): Offer[] | null {
  const value = fieldValue(request, 'sec-websocket-extensions')
  if (value === null) return []
  const elements = value.split(',').map((part) => ELEMENT.exec(part.trim()))
  if (elements.some((element) => element === null)) return null
  return (elements as RegExpExecArray[]).map(([, name, rest]) => ({
    name,
    params: [...rest.matchAll(PARAM)].map(([, param, text]) => [param, text ?? null]),
  }))
}

/** The first offer of permessage-deflate (RFC 7692 §5). */
export function deflateOffer(request: Pick<ClientRequest, 'fields'>): Offer | undefined {
  return readOffers(request)?.find(({ name }) => name === 'permessage-deflate')
}

/** Whether the offer has that parameter. */
export function hasParam(offer: Offer | undefined, name: string): boolean {
  return offer?.params.some(([param]) => param === name) ?? false
}

/** What is wrong with an offer of permessage-deflate (RFC 7692 §7.1). */
export function offerProblems({ params }: Offer): string[] {
  return params.flatMap(([name, value], index) => {
    if (params.findIndex(([other]) => other === name) < index) return [`${name} is given twice`]
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        return value === null ? [] : [`${name} has the value ${value}`]
      case 'client_max_window_bits':
        return value === null || isBits(value) ? [] : [`${name} is ${value}`]
      case 'server_max_window_bits':
        return value !== null && isBits(value) ? [] : [`${name} is ${value ?? 'without a value'}`]
      default:
        return [`${name} is no parameter`]
    }
  })
}

function isBits(value: string): boolean {
  return /^(?:[89]|1[0-5])$/.test(value)
}
