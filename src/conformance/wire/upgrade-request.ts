import { changeFields, encodeRequest, type Fields } from './http.ts'
import type { Random } from './random.ts'

/** How a request differs from the minimal upgrade request (RFC 6455 §4.1). */
export interface RequestOptions {
  method?: string
  /** The request target; default the path of the URL under test. */
  target?: string
  /** The version in the request line; default `HTTP/1.1`. An empty string omits it. */
  version?: string
  /** Sec-WebSocket-Key; default 16 random bytes in base64. */
  key?: string
  /** Changes fields of the minimal request by name. An array repeats the field, and `null` omits it. */
  set?: Record<string, string | string[] | null>
  /** Further fields, after those of the minimal request. */
  add?: Fields
  /** Changes the field lines, for example their order. Applied last. */
  rewrite?: (fields: Fields) => Fields
  /** The text between name and value; default `: `. */
  separator?: string
  /** The end of each line; default CR LF. */
  lineEnd?: string
}

/** What every request of a run contains. */
export interface RequestBase {
  authority: string
  path: string
  /** Fields from the options `-H`, `--origin` and `--user`. */
  extra: Fields
}

/** A request that was sent. */
export interface UpgradeRequest {
  bytes: Buffer
  /** The version in the request line. */
  version: string
  fields: Fields
}

/** Builds a minimal upgrade request with the given differences (RFC 6455 §4.1). */
export function buildRequest(base: RequestBase, random: Random, options: RequestOptions = {}): UpgradeRequest {
  const key = options.key ?? random.bytes(16).toString('base64')
  const plain: Fields = [
    ['Host', base.authority],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
  ]
  const changed = changeFields(plain, options.set)
  const all = [...changed, ...base.extra, ...(options.add ?? [])]
  const fields = options.rewrite === undefined ? all : options.rewrite(all)
  const bytes = encodeRequest({
    method: options.method ?? 'GET',
    target: options.target ?? base.path,
    version: options.version ?? 'HTTP/1.1',
    fields,
    separator: options.separator,
    lineEnd: options.lineEnd,
  })
  return { bytes, version: options.version ?? 'HTTP/1.1', fields }
}
