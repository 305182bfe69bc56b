import {
  type Agreement,
  type ExtensionElement,
  fieldValue,
  PMD,
  paramBreaches,
  parseExtensions,
  readAgreement,
} from '../wire/index.ts'
import { expectAccepted } from './expect-handshake.ts'
import type { Handshake } from './handshake.ts'
import type { Trial } from './trial.ts'

const FIELD = 'Sec-WebSocket-Extensions'

/**
 * Returns what the server agreed to, or null when it declined. Ends the case unless the response is a 101 that is valid
 * for the values that were offered (RFC 7692 §5.1, §7.1).
 */
export function expectAgreement(t: Trial, handshake: Handshake, offeredValues: readonly string[]): Agreement | null {
  expectAccepted(t, handshake)
  const answer = handshake.response && fieldValue(handshake.response, FIELD)
  if (answer === null) return null
  // A client fails the handshake when the response is invalid (RFC 6455 §4.1).
  t.opened = false
  const agreement = requireValid(t, answer, offeredValues)
  t.opened = true
  return agreement
}

function requireValid(t: Trial, answer: string, offeredValues: readonly string[]): Agreement {
  const shown = `${FIELD}: ${answer}`
  const elements = parseExtensions(answer)
  t.require(elements !== null, 'a response that matches the grammar', shown)
  const offered = offeredValues.flatMap((value) => parseExtensions(value) ?? [])
  const element = requireOneOf(t, elements, offered, shown)
  for (const breach of paramBreaches(element, 'answer'))
    t.require(false, 'a response with valid parameters', `${shown} (${breach})`)
  const agreement = readAgreement(element)
  const good = offered.filter(({ name }) => name === PMD).map(readAgreement)
  t.require(
    good.some((one) => isFulfilled(one, agreement)),
    'a response that matches an offer',
    shown,
  )
  return agreement
}

/** Returns the only element that a response may have: extensions that use RSV1 exclude each other (RFC 7692 §5.1). */
function requireOneOf(
  t: Trial,
  elements: ExtensionElement[],
  offered: ExtensionElement[],
  shown: string,
): ExtensionElement {
  const names = offered.map(({ name }) => name.toLowerCase())
  t.require(
    elements.every(({ name }) => names.includes(name.toLowerCase())),
    'only extensions that were offered',
    shown,
  )
  t.require(elements.length === 1, `one element, ${PMD}`, shown)
  t.require(elements[0].name.toLowerCase() === PMD, `${PMD} and nothing else`, shown)
  return elements[0]
}

/** Returns whether the response is valid for this offer (RFC 7692 §7.1.1.1, §7.1.2.1, §7.1.2.2). */
function isFulfilled(offered: Agreement, answer: Agreement): boolean {
  if (offered.serverNoContext && !answer.serverNoContext) return false
  // Without the parameter the window has 15 bits, so the response may omit it for an offer of 15 (RFC 7692 §7.1.2.1).
  if (offered.serverBits !== null && (answer.serverBits ?? 15) > offered.serverBits) return false
  return offered.clientBits !== null || answer.clientBits === null
}
