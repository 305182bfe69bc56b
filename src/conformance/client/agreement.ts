import type { Peer } from '../peer/index.ts'
import type { Handshake } from '../script/index.ts'
import {
  deflateElementOf,
  type ExtensionElement,
  extensionsOf,
  type Fields,
  hasParam,
  Inflater,
  paramOf,
  type RequestOptions,
  type Response,
} from '../wire/index.ts'
import { sendAnswer } from './answer.ts'
import type { ClientRequest } from './request.ts'

/** The response of the tester to an offer of permessage-deflate (RFC 7692 §7.1). */
export interface DeflateAgreement {
  /** The value of the field in the response. */
  answer: string
  /** The agreement with roles swapped, as if the tester were a client that received the response. */
  turned: string
  clientBits: number
  clientKeepsWindow: boolean
}

/** A parameter that the response may have, and whether it binds the client. */
interface Policy {
  clientNoContext: boolean
  clientBits: string | null
}

/**
 * Accepts the offer of a client with the parameters that a server case would offer, with roles swapped: `server_…`
 * parameters become `client_…` ones. Of several alternatives, the first one that the offer allows is used. Returns null
 * when the offer allows none.
 */
export function agreeOn(request: ClientRequest, wishes: readonly string[]): DeflateAgreement | null {
  const offer = deflateElementOf(request)
  const offered = extensionsOf({ fields: wishes.map((wish) => ['Sec-WebSocket-Extensions', wish]) }) ?? []
  for (const wish of offered.filter(({ name }) => name === 'permessage-deflate')) {
    const policy: Policy = {
      clientNoContext: hasParam(wish, 'server_no_context_takeover'),
      clientBits: paramOf(wish, 'server_max_window_bits'),
    }
    // A client may refuse a response without the parameter in its hint, because it does not support that (RFC 7692 §7).
    if (offer !== undefined && hasParam(offer, 'client_no_context_takeover')) policy.clientNoContext = true
    if (offer !== undefined && (policy.clientBits === null || hasParam(offer, 'client_max_window_bits'))) {
      return answerTo(offer, policy)
    }
  }
  return null
}

/** Grants what the client requests of the server, and adds what the case requests of the client. */
function answerTo(offer: ExtensionElement, { clientNoContext, clientBits }: Policy): DeflateAgreement {
  const serverNoContext = hasParam(offer, 'server_no_context_takeover')
  const serverBits = paramOf(offer, 'server_max_window_bits')
  const format = (ours: string, theirs: string): string =>
    [
      'permessage-deflate',
      ...(serverNoContext ? [`${ours}_no_context_takeover`] : []),
      ...(serverBits === null ? [] : [`${ours}_max_window_bits=${serverBits}`]),
      ...(clientNoContext ? [`${theirs}_no_context_takeover`] : []),
      ...(clientBits === null ? [] : [`${theirs}_max_window_bits=${clientBits}`]),
    ].join('; ')
  return {
    answer: format('server', 'client'),
    turned: format('client', 'server'),
    clientBits: Number(clientBits ?? 15),
    clientKeepsWindow: !clientNoContext,
  }
}

/** Prepares the peer for compressed messages from the client (RFC 7692 §7.2.2). */
export function decodeAs(
  peer: Peer,
  { clientBits, clientKeepsWindow }: Pick<DeflateAgreement, 'clientBits' | 'clientKeepsWindow'>,
): void {
  const inflater = new Inflater(clientBits, clientKeepsWindow)
  peer.settings.watch.deflate = true
  peer.decoder = (message) => inflater.inflate(message.payload)
}

/** Accepts a client with a 101, with permessage-deflate as a server case would offer it. */
export async function answerAsOffered(
  peer: Peer,
  request: ClientRequest,
  { add: offered = [] }: RequestOptions,
): Promise<Handshake> {
  const wishes = offered.filter(([name]) => /^sec-websocket-extensions$/i.test(name)).map(([, value]) => value)
  const agreement = agreeOn(request, wishes)
  await sendAnswer(peer, request, { add: agreement === null ? [] : [extensionField(agreement.answer)] })
  if (agreement !== null) decodeAs(peer, agreement)
  return {
    peer,
    request: { bytes: request.head, version: request.version, fields: request.fields },
    response: responseOf(agreement === null ? [] : [extensionField(agreement.turned)]),
    breaches: [],
  }
}

function extensionField(value: string): [string, string] {
  return ['Sec-WebSocket-Extensions', value]
}

/** Makes the 101 that a server case expects, as if a server had accepted the request of the tester. */
function responseOf(fields: Fields): Response {
  const statusLine = 'HTTP/1.1 101 Switching Protocols'
  return { statusLine, status: 101, fields, problems: [], head: Buffer.alloc(0) }
}
