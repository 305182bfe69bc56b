import { type Fields, parseHead } from '../wire/index.ts'

/** The opening request of a client, with the syntax errors found in it (RFC 6455 §4.1). */
export interface ClientRequest {
  requestLine: string
  method: string
  /** The request target, unchanged. */
  target: string
  version: string
  fields: Fields
  /** Descriptions of what is malformed. */
  problems: string[]
  /** The whole head, including the empty line. */
  head: Buffer
}

/** Parses a request head. Lists what is malformed instead of throwing (RFC 9112 §3, §5). */
export function parseRequest(head: Buffer): ClientRequest {
  const { startLine: requestLine, fields, problems } = parseHead(head)
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/\d\.\d$/.test(requestLine))
    problems.unshift(`request line “${requestLine}”`)
  const [method = '', target = '', version = ''] = requestLine.split(' ')
  return { requestLine, method, target, version, fields, problems, head }
}

/** Parses path and query of a target; `+` means a space, as in forms. Both are empty when the target is malformed. */
export function readTarget(target: string): { path: string; query: URLSearchParams } {
  try {
    const { pathname, searchParams } = new URL(target, 'ws://tester')
    return { path: pathname, query: searchParams }
  } catch {
    return { path: '', query: new URLSearchParams() }
  }
}
