import { createHash } from 'node:crypto'

/** Computes Sec-WebSocket-Accept for a key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'latin1').digest('base64')
}

/** The contents of an HTTP request. Everything is sent unchanged (RFC 9112). */
export interface RequestSpec {
  method: string
  target: string
  version: string
  /** Pairs, so that any order, case and repetition is possible. A field with the value `null` is omitted. */
  fields: [name: string, value: string][]
  /** The text between name and value; default: a colon and a space. */
  separator?: string
  /** The end of each line; default CR LF. */
  lineEnd?: string
}

/** Encodes a request with one byte per character (RFC 9112 §2.1). */
export function encodeRequest(spec: RequestSpec): Buffer {
  const end = spec.lineEnd ?? '\r\n'
  const first = [spec.method, spec.target, spec.version].filter((part) => part !== '').join(' ')
  const fields = spec.fields.map(([name, value]) => `${name}${spec.separator ?? ': '}${value}`)
  return Buffer.from([first, ...fields, '', ''].join(end), 'latin1')
}

/** A received HTTP response head, with the syntax errors found in it (RFC 9112 §4). */
export interface Response {
  statusLine: string
  /** The status code; 0 when the status line is malformed. */
  status: number
  fields: [name: string, value: string][]
  /** Descriptions of what is malformed. */
  problems: string[]
  /** The whole head, including the empty line. */
  head: Buffer
}

/** Fields in order. Pairs, so that any case and repetition is possible. */
export type Fields = [name: string, value: string][]

/** Changes fields by name. An array repeats the field, and `null` omits it. */
export function changeFields(fields: Fields, changes: Record<string, string | string[] | null> = {}): Fields {
  return fields.flatMap(([name, value]): Fields => {
    const change = changes[name]
    if (change === undefined) return [[name, value]]
    if (change === null) return []
    return (Array.isArray(change) ? change : [change]).map((one) => [name, one])
  })
}

/** Returns the values of a field, in the order of its lines. */
export function fieldValues(response: Pick<Response, 'fields'>, name: string): string[] {
  return response.fields.filter(([field]) => field.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

/** Returns the value of a field, with repeated lines joined by commas, or null when it is absent (RFC 9110 §5.3). */
export function fieldValue(response: Pick<Response, 'fields'>, name: string): string | null {
  const values = fieldValues(response, name)
  return values.length === 0 ? null : values.join(', ')
}

/** Returns the elements of a comma-separated field in lower case, trimmed, without empty ones (RFC 9110 §5.6.1). */
export function fieldTokens(response: Pick<Response, 'fields'>, name: string): string[] {
  return (fieldValue(response, name) ?? '')
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter(Boolean)
}

/**
 * Returns whether another response to the same request follows, which a client must expect (RFC 9110 §15.2). A 101 ends
 * HTTP on the connection.
 */
export function isInterim({ status }: Pick<Response, 'status'>): boolean {
  return status >= 100 && status < 200 && status !== 101
}

/** Returns the index after the empty line that ends the head, or -1. */
export function findHeadEnd(bytes: Buffer): number {
  const crlf = bytes.indexOf('\r\n\r\n', 0, 'latin1')
  const lf = bytes.indexOf('\n\n', 0, 'latin1')
  if (crlf === -1) return lf === -1 ? -1 : lf + 2
  return lf !== -1 && lf < crlf ? lf + 2 : crlf + 4
}

/**
 * Finds the end of a body that begins with these bytes: an index, the end of the stream, or not yet known (RFC 9112
 * §6.3).
 */
export function findBodyEnd(response: Response, bytes: Buffer): number | 'at-the-end' | null {
  if (fieldTokens(response, 'transfer-encoding').includes('chunked')) {
    const last = bytes.indexOf('0\r\n\r\n')
    return last === -1 ? null : last + 5
  }
  const [length] = fieldTokens(response, 'content-length')
  return length === undefined ? 'at-the-end' : Number(length)
}

/** Parses a response head. Lists what is malformed instead of throwing (RFC 9112 §4, §5). */
export function parseResponse(head: Buffer): Response {
  const { startLine: statusLine, fields, problems } = parseHead(head)
  const match = /^HTTP\/\d\.\d (\d{3}) [\t\x20-\x7e\x80-\xff]*$/.exec(statusLine)
  if (match === null) problems.unshift(`status line “${statusLine}”`)
  const status = match?.[1] ?? /^HTTP\/\S+ (\d{3})/.exec(statusLine)?.[1] ?? '0'
  return { statusLine, status: Number(status), fields, problems, head }
}

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/

/** Parses a head into its first line and its fields. Lists malformed lines instead of throwing (RFC 9112 §2.2, §5). */
export function parseHead(head: Buffer): { startLine: string; fields: Fields; problems: string[] } {
  const text = head.toString('latin1')
  const problems: string[] = []
  if (/(^|[^\r])\n/.test(text)) problems.push('a line ends with LF alone')
  const [startLine, ...lines] = text.replace(/(\r?\n){2}$/, '').split(/\r?\n/)
  const fields: Fields = []
  for (const line of lines) {
    const field = FIELD.exec(line)
    if (field === null) problems.push(`field line “${line}”`)
    else fields.push([field[1], field[2]])
  }
  return { startLine, fields, problems }
}
