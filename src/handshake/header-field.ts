import { isBlank, isSameToken, isToken } from './header-grammar.ts'

/** Fields an application adds to a message; a list of values makes one field each, as `Set-Cookie` needs it (RFC 9110 §5.3). */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>

const TAB = 0x09
const SPACE = 0x20
const DELETE = 0x7f

/** Whether a text may stand as a field value: latin1 without control characters, HTAB excepted (RFC 9110 §5.5). */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < SPACE && code !== TAB) || code === DELETE || code > 0xff) return false
  }
  return true
}

/** A field value, all of `text` or a range of it, without the blanks around it: SP and HTAB only (RFC 9110 §5.6.3). */
export function trimBlanks(text: string, start = 0, end = text.length): string {
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Where the next field of a name stands in `rawHeaders`, which has names and values in turn; -1 when there is none. */
export function findField(rawHeaders: readonly string[], name: string, start = 0): number {
  for (let i = start; i + 1 < rawHeaders.length; i += 2) {
    if (isSameToken(rawHeaders[i], name)) return i
  }
  return -1
}

/** The trimmed values of every field of a name, in their order (RFC 9110 §5.3). */
export function fieldValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = findField(rawHeaders, name); at !== -1; at = findField(rawHeaders, name, at + 2)) {
    values.push(trimBlanks(rawHeaders[at + 1]))
  }
  return values
}

/**
 * Writes an application's fields as lines; `owned` has the names it may not set, in lower case (RFC 9112 §5).
 *
 * @throws TypeError for an owned name, a name that is no token, or a value that `isFieldValue` refuses.
 */
export function formatFields(fields: HeaderFields, owned: ReadonlySet<string>): string {
  let lines = ''
  for (const [name, value] of Object.entries(fields)) {
    if (!isToken(name)) throw new TypeError(`field name ${JSON.stringify(name)}, must be a token`)
    if (owned.has(name.toLowerCase())) throw new TypeError(`field ${name} is set by the library`)
    for (const text of typeof value === 'string' ? [value] : value) lines += `${name}: ${checkValue(name, text)}\r\n`
  }
  return lines
}

function checkValue(name: string, text: string): string {
  // Plain JavaScript may hand in anything, and a number would pass the loop of isFieldValue unseen.
  if (typeof text !== 'string' || !isFieldValue(text)) {
    throw new TypeError(`value of field ${name}, must be latin1 text without control characters`)
  }
  return text
}
