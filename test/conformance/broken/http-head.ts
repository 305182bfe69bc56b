import type { Defects } from './defects.ts'

const TCHAR = "!#$%&'*+.^_`|~0-9A-Za-z-"
const REQUEST_LINE_LIMIT = 8192
const HEAD_LIMIT = 16_384
const STRAY_BYTE = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?=[^\n])|(?<!\r)\n/
const FIELD_LINE = new RegExp(`^([${TCHAR}]+):[ \\t]*(.*?)[ \\t]*$`)

export const TOKEN: RegExp = new RegExp(`^[${TCHAR}]+$`)

/** Thrown for a refused request or response, with the status and the fields of the refusal. */
export class Refusal extends Error {
  readonly status: number
  readonly fields: readonly string[]
  /** Whether the connection serves another request. */
  readonly persistent: boolean

  constructor(status: number, why: string, fields: readonly string[] = [], persistent = false) {
    super(why)
    this.status = status
    this.fields = fields
    this.persistent = persistent
  }
}

export interface Head {
  startLine: string
  fields: readonly (readonly [name: string, value: string])[]
  /** Size in bytes, including the empty line. */
  size: number
}

/**
 * Reads a request line or status line with its fields. Returns null while the empty line is missing (RFC 9112 §2, §5).
 */
export function readHead(bytes: Buffer, defects: Defects): Head | null {
  if (defects.has('head-without-limit') && bytes.length > HEAD_LIMIT) return null
  const start = bytes.indexOf('\r\n') === 0 ? 2 : 0
  const end = bytes.indexOf('\r\n\r\n', start)
  let text = bytes.toString('latin1', start, end < 0 ? bytes.length : end)
  checkSize(text)
  if (defects.has('reads-control-bytes-as-blanks')) text = text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f]|\r(?=[^\n])/g, ' ')
  if (STRAY_BYTE.test(text) && !defects.has('answers-key-with-nul')) throw new Refusal(400, 'a stray control byte')
  if (end < 0 && defects.has('head-in-one-segment')) throw new Refusal(400, 'half a head')
  if (end < 0) return null
  const [startLine = '', ...lines] = text.split('\r\n')
  if (defects.has('skips-lines-without-colon')) lines.splice(0, lines.length, ...lines.filter((l) => l.includes(':')))
  if (defects.has('accepts-blank-before-last-colon')) lines.push(lines.pop()!.replace(/[ \t]+:/, ':'))
  return { startLine, fields: lines.map((line) => readField(line, defects)), size: end + 4 }
}

function checkSize(text: string): void {
  const lineSize = text.includes('\r\n') ? text.indexOf('\r\n') : text.length
  if (lineSize > REQUEST_LINE_LIMIT) throw new Refusal(414, 'the first line is too long')
  if (text.length > HEAD_LIMIT) throw new Refusal(431, 'the head is too long')
}

function readField(line: string, defects: Defects): [name: string, value: string] {
  if (defects.has('accepts-blank-before-colon')) line = line.replace(/^(\S+)[ \t]+:/, '$1:')
  if (defects.has('accepts-any-field-name')) line = line.replace(/^[^:]*[^:\w-][^:]*:|^:/, 'x-odd:')
  if (defects.has('knows-capitalised-names-only') && /^[a-z]/.test(line)) return ['x-unknown', '']
  const match = FIELD_LINE.exec(line)
  if (!match) throw new Refusal(400, 'a malformed field line')
  if (defects.has('keeps-blanks-around-values')) return [match[1]!.toLowerCase(), line.split(':')[1]!.replace(' ', '')]
  return [match[1]!.toLowerCase(), match[2]!]
}

/** Returns the values of all fields with this name. */
export function valuesOf(head: Head, name: string): string[] {
  return head.fields.filter(([field]) => field === name).map(([, value]) => value)
}

/**
 * Returns the elements of a comma-separated field that may occur more than once, without empty ones (RFC 9110 §5.6.1).
 */
export function listOf(head: Head, name: string): string[] {
  const elements = valuesOf(head, name).flatMap((value) => value.split(','))
  return elements.map((element) => element.replace(/^[ \t]+|[ \t]+$/g, '')).filter((element) => element !== '')
}
