import { type Fields, parseHead } from '../wire/index.ts'

/** The opening request of a client as received, with the breaches of HTTP syntax found in it (RFC 6455 §4.1). */
export interface ClientRequest {
  requestLine: string
  method: string
  /** The request target as it was sent. */
  target: string
  version: string
  fields: Fields
  /** What is malformed about the head. */
  problems: string[]
  /** The whole head, the empty line included. */
  head: Buffer
}

/** Reads a request head; what is malformed is listed, not thrown (RFC 9112 §3, §5). */
export function parseRequest(head: Buffer): ClientRequest {
  const { startLine: requestLine, fields, problems } = parseHead(head)
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/\d\.\d$/.test(requestLine))
    problems.unshift(`request line “${requestLine}”`)
  const [method = '', target = '', version = ''] = requestLine.split(' ')
  return { requestLine, method, target, version, fields, problems, head }
}

/** Path and query of a target; `+` means a blank, as in forms. Empty when it cannot be read. */
export function readTarget(target: string): { path: string; query: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(target, 'ws://tester')
    return { path: pathname, query: searchParams }
  } catch {
    return { path: '', query: new URLSearchParams() }
  }
}
