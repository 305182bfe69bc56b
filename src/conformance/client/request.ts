/** The opening request of a client as it came, with the breaches of HTTP syntax found in it (RFC 6455 §4.1). */
export interface ClientRequest {
  requestLine: string
  method: string
  /** The request target as it was sent. */
  target: string
  version: string
  fields: [name: string, value: string][]
  /** What is malformed about the head. */
  problems: string[]
  /** The whole head, the empty line included. */
  head: Buffer
}

const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/

/** Reads a request head; what is malformed is listed, not thrown (RFC 9112 §3, §5). */
export function parseRequest(head: Buffer): ClientRequest {
  const text = head.toString('latin1')
  const problems: string[] = []
  if (/(^|[^\r])\n/.test(text)) problems.push('a line ends with LF alone')
  const [requestLine, ...lines] = text.replace(/(\r?\n){2}$/, '').split(/\r?\n/)
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/\d\.\d$/.test(requestLine))
    problems.push(`request line “${requestLine}”`)
  const [method = '', target = '', version = ''] = requestLine.split(' ')
  const fields: [string, string][] = []
  for (const line of lines) {
    const field = FIELD.exec(line)
    if (field === null) problems.push(`field line “${line}”`)
    else fields.push([field[1], field[2]])
  }
  return { requestLine, method, target, version, fields, problems, head }
}

/** Path and query of a target; `+` is taken for a blank, as forms write it. What cannot be read is empty. */
export function readTarget(target: string): { path: string; query: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(target, 'ws://tester')
    return { path: pathname, query: searchParams }
  } catch {
    return { path: '', query: new URLSearchParams() }
  }
}
