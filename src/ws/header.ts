import { type Scanner, scan } from './scanner.ts'

/** The parameters of one offer or response. `true` is a parameter without a value. */
export type ExtensionParameters = Record<string, (string | true)[]>
/** All configurations of each extension in a header, in order. */
export type Extensions = Record<string, ExtensionParameters[]>

/** Reads a list such as `a, b, c`, calling `element` for each of its elements. */
function readList(header: string, element: (scanner: Scanner) => void): void {
  const scanner = scan(header)
  for (;;) {
    element(scanner)
    scanner.skipSpace()
    if (scanner.isAtEnd) return /[ \t]$/.test(header) ? scanner.fail() : undefined
    scanner.expect(',')
    scanner.skipSpace()
  }
}

function readExtension(scanner: Scanner, found: Extensions): void {
  const name = scanner.token()
  const parameters: ExtensionParameters = Object.create(null)
  for (;;) {
    scanner.skipSpace()
    if (!scanner.accept(';')) break
    scanner.skipSpace()
    const parameter = scanner.token()
    const value = scanner.accept('=') ? scanner.tokenOrQuoted() : true
    parameters[parameter] ??= []
    parameters[parameter].push(value)
  }
  found[name] ??= []
  found[name].push(parameters)
}

/** `Sec-WebSocket-Extensions` (RFC 6455 §9.1). */
export const extension = {
  /**
   * Parses a header. Names and values keep their case.
   *
   * @throws {SyntaxError} when the header does not match the grammar.
   */
  parse(header: string): Extensions {
    const found: Extensions = Object.create(null)
    readList(header, (scanner) => readExtension(scanner, found))
    return found
  },

  /** Formats a header. A single configuration may be passed without an array. */
  format(extensions: Record<string, object | readonly object[]>): string {
    const elements = Object.entries(extensions).flatMap(([name, given]) =>
      (Array.isArray(given) ? given : [given]).map((parameters) => formatElement(name, parameters)),
    )
    return elements.join(', ')
  },
}

function formatElement(name: string, parameters: Record<string, unknown>): string {
  const pairs = Object.entries(parameters).flatMap(([key, given]) =>
    (Array.isArray(given) ? given : [given]).map((value) => (value === true ? key : `${key}=${value}`)),
  )
  return [name, ...pairs].join('; ')
}

/** `Sec-WebSocket-Protocol` (RFC 6455 §4.1). */
export const subprotocol = {
  /**
   * Parses the subprotocols of a request.
   *
   * @throws {SyntaxError} when the header does not match the grammar, or a name occurs twice.
   */
  parse(header: string): Set<string> {
    const names = new Set<string>()
    readList(header, (scanner) => {
      const name = scanner.token()
      if (names.has(name)) throw new SyntaxError(`The "${name}" subprotocol is duplicated`)
      names.add(name)
    })
    return names
  },
}
