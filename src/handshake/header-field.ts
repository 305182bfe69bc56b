import { HandshakeError } from '../core/errors.ts'
import { equalsIgnoreCase, isBlank, isToken } from './header-grammar.ts'

/**
 * Header fields of the application. An array of values is sent as several fields, as `Set-Cookie` requires (RFC 9110
 * §5.3).
 */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>

const TAB = 0x09
const SPACE = 0x20
const DELETE = 0x7f

/** Returns whether a text is a valid field value: Latin-1 without control characters except HTAB (RFC 9110 §5.5). */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < SPACE && code !== TAB) || code === DELETE || code > 0xff) return false
  }
  return true
}

/** Returns a text or a range of it, without leading and trailing SP and HTAB (RFC 9110 §5.6.3). */
export function trimBlanks(text: string, start = 0, end = text.length): string {
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/**
 * Returns the index of the next field with this name in `rawHeaders`, which alternates names and values; -1 if there is
 * none (RFC 9110 §5.1).
 */
export function findField(rawHeaders: readonly string[], name: string, start = 0): number {
  for (let i = start; i + 1 < rawHeaders.length; i += 2) {
    if (equalsIgnoreCase(rawHeaders[i], name)) return i
  }
  return -1
}

/** Returns the trimmed values of all fields with this name, in order (RFC 9110 §5.3). */
export function fieldValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = findField(rawHeaders, name); at !== -1; at = findField(rawHeaders, name, at + 2)) {
    values.push(trimBlanks(rawHeaders[at + 1]))
  }
  return values
}

/**
 * Returns the value of a field that may occur at most once; null when it is missing (RFC 6455 §11.3).
 *
 * @param status The HTTP status of the error: 400 for a request, 502 for a response.
 * @throws {HandshakeError} when the field occurs more than once.
 */
export function readSingle(rawHeaders: readonly string[], name: string, status: number): string | null {
  const at = findField(rawHeaders, name)
  if (at === -1) return null
  if (findField(rawHeaders, name, at + 2) !== -1) {
    const { length } = fieldValues(rawHeaders, name)
    throw new HandshakeError(status, 'ERR_WS_DUPLICATE_FIELD', `${length} ${name} fields; allowed: one`)
  }
  return trimBlanks(rawHeaders[at + 1])
}

/**
 * Returns the fields of an application as names and values.
 *
 * @throws {TypeError} when `fields` is not an object, or is an iterable, such as `Headers` or a Map, whose properties
 *   are not the fields.
 */
export function fieldEntries(fields: HeaderFields): [string, string | readonly string[]][] {
  if (typeof fields === 'object' && fields !== null && !(Symbol.iterator in fields)) return Object.entries(fields)
  const found = Object.prototype.toString.call(fields).slice('[object '.length, -1)
  throw new TypeError(`header fields are of type ${found}; allowed: an object with names and values`)
}

/**
 * Formats the fields of an application as lines (RFC 9112 §5).
 *
 * @param owned Names that the library sets itself, in lower case.
 * @throws {TypeError} when a name is in `owned` or not a token, a value is not a valid field value, or `fieldEntries`
 *   would throw it.
 */
export function formatFields(fields: HeaderFields, owned: ReadonlySet<string>): string {
  let lines = ''
  for (const [name, value] of fieldEntries(fields)) {
    if (!isToken(name)) throw new TypeError(`field name is ${JSON.stringify(name)}; allowed: a token`)
    if (owned.has(name.toLowerCase())) throw new TypeError(`field ${name} is set by the library`)
    for (const text of Array.isArray(value) ? value : [value]) lines += `${name}: ${checkValue(name, text)}\r\n`
  }
  return lines
}

function checkValue(name: string, text: string): string {
  // JavaScript callers may pass any type, and isFieldValue would accept a number.
  if (typeof text !== 'string' || !isFieldValue(text)) {
    throw new TypeError(`field ${name} has an invalid value; allowed: Latin-1 text without control characters`)
  }
  return text
}
