const TAB = 0x09
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const SLASH = 0x2f
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const BACKSLASH = 0x5c

/**
 * An element of a `Sec-WebSocket-Extensions` field (RFC 6455 §9.1). The names in it are untrusted: never use them as
 * object keys.
 */
export interface Extension {
  name: string
  parameters: ExtensionParameter[]
}

/** A parameter of an extension (RFC 6455 §9.1). */
export interface ExtensionParameter {
  name: string
  /** The value; null for a parameter without `=`. */
  value: string | null
  /** Whether the value was sent as a quoted string. */
  quoted: boolean
}

/** 1 for every byte that is allowed in a token (RFC 9110 §5.6.2). */
export const TOKEN_BYTES: Uint8Array = markBytes(
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)

function markBytes(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}

/** Returns whether a character code is allowed in a token (RFC 9110 §5.6.2). */
function isTokenCode(code: number): boolean {
  return code < 256 && TOKEN_BYTES[code] === 1
}

/** Returns whether a character code is SP or HTAB (RFC 9110 §5.6.3). */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB
}

/** Reads a field value from left to right without backtracking (RFC 9110 §5.6). */
class FieldScanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  skipBlanks(): void {
    while (!this.atEnd && isBlank(this.#text.charCodeAt(this.#at))) this.#at++
  }

  /** Skips one character when it is the expected one. Returns whether it was. */
  take(code: number): boolean {
    if (this.atEnd || this.#text.charCodeAt(this.#at) !== code) return false
    this.#at++
    return true
  }

  /** Reads the token that begins here. Returns null when there is none. */
  readToken(): string | null {
    const start = this.#at
    while (!this.atEnd && isTokenCode(this.#text.charCodeAt(this.#at))) this.#at++
    return this.#at === start ? null : this.#text.slice(start, this.#at)
  }

  /**
   * Reads the rest of a quoted string after its opening quote. Returns null when the unescaped value is not a token
   * (RFC 6455 §9.1).
   */
  readQuotedToken(): string | null {
    let token = ''
    while (!this.take(QUOTE)) {
      this.take(BACKSLASH)
      if (this.atEnd) return null
      const code = this.#text.charCodeAt(this.#at)
      if (!isTokenCode(code)) return null
      token += this.#text[this.#at++]
    }
    return token === '' ? null : token
  }
}

/**
 * Parses a comma-separated list, skipping empty elements (RFC 9110 §5.6.1). Returns null when an element is malformed.
 */
function parseList<Element>(text: string, readElement: (scanner: FieldScanner) => Element | null): Element[] | null {
  const scanner = new FieldScanner(text)
  const elements: Element[] = []
  for (scanner.skipBlanks(); !scanner.atEnd; scanner.skipBlanks()) {
    if (scanner.take(COMMA)) continue
    const element = readElement(scanner)
    if (element === null) return null
    elements.push(element)
    scanner.skipBlanks()
    if (!scanner.atEnd && !scanner.take(COMMA)) return null
  }
  return elements
}

/** Returns whether a text is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  if (text.length === 0) return false
  for (let i = 0; i < text.length; i++) {
    if (!isTokenCode(text.charCodeAt(i))) return false
  }
  return true
}

/**
 * Parses a comma-separated list of tokens, skipping empty elements (RFC 9110 §5.6.1). Returns null when it is
 * malformed.
 */
export function parseTokenList(text: string): string[] | null {
  return parseList(text, (scanner) => scanner.readToken())
}

/**
 * Parses an `Upgrade` field into protocols of the form `name` or `name/version` (RFC 9110 §7.8). Returns null when it
 * is malformed.
 */
export function parseProtocolList(text: string): string[] | null {
  return parseList(text, (scanner) => {
    const name = scanner.readToken()
    if (name === null || !scanner.take(SLASH)) return name
    const version = scanner.readToken()
    return version === null ? null : `${name}/${version}`
  })
}

/** Returns whether two tokens, such as field names, are equal, ignoring case (RFC 9110 §5.1). */
export function equalsIgnoreCase(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    if (lowerCode(a.charCodeAt(i)) !== lowerCode(b.charCodeAt(i))) return false
  }
  return true
}

function lowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code
}

/** Returns whether a list contains a token, ignoring case (RFC 6455 §4.2.1). */
export function hasToken(list: readonly string[], token: string): boolean {
  return list.some((element) => equalsIgnoreCase(element, token))
}

/**
 * Parses a `Sec-WebSocket-Extensions` value (RFC 6455 §9.1). The values of several fields must first be joined with
 * commas. Returns null when the value is malformed or empty.
 */
export function parseExtensions(text: string): Extension[] | null {
  const extensions = parseList(text, readExtension)
  return extensions === null || extensions.length === 0 ? null : extensions
}

function readExtension(scanner: FieldScanner): Extension | null {
  const name = scanner.readToken()
  if (name === null) return null
  const parameters: ExtensionParameter[] = []
  for (;;) {
    scanner.skipBlanks()
    if (!scanner.take(SEMICOLON)) return { name, parameters }
    scanner.skipBlanks()
    const parameter = readParameter(scanner)
    if (parameter === null) return null
    parameters.push(parameter)
  }
}

function readParameter(scanner: FieldScanner): ExtensionParameter | null {
  const name = scanner.readToken()
  if (name === null) return null
  scanner.skipBlanks()
  if (!scanner.take(EQUALS)) return { name, value: null, quoted: false }
  scanner.skipBlanks()
  const quoted = scanner.take(QUOTE)
  const value = quoted ? scanner.readQuotedToken() : scanner.readToken()
  return value === null ? null : { name, value, quoted }
}

/**
 * Parses a `Sec-WebSocket-Protocol` value, in order of the client's preference (RFC 6455 §4.1). The values of several
 * fields must first be joined with commas. Returns null when the value is malformed or empty, or a subprotocol occurs
 * twice.
 */
export function parseSubprotocols(text: string): string[] | null {
  const names = parseTokenList(text)
  if (names === null || names.length === 0) return null
  return new Set(names).size === names.length ? names : null
}

/**
 * Formats a `Sec-WebSocket-Extensions` value (RFC 6455 §9.1). The values are tokens, so they are not quoted.
 *
 * @throws {TypeError} when a name or a value is not a token.
 */
export function formatExtensions(extensions: readonly Extension[]): string {
  return extensions.map(formatExtension).join(', ')
}

function formatExtension({ name, parameters }: Extension): string {
  let text = checkToken(name)
  for (const parameter of parameters) {
    text += `; ${checkToken(parameter.name)}`
    if (parameter.value !== null) text += `=${checkToken(parameter.value)}`
  }
  return text
}

function checkToken(text: string): string {
  if (!isToken(text)) throw new TypeError(`part of an extension is ${JSON.stringify(text)}; allowed: a token`)
  return text
}

/** Returns whether a value is an array of distinct subprotocols, each of which is a token (RFC 6455 §4.1). */
export function isSubprotocolList(value: unknown): boolean {
  const isName = (name: unknown): boolean => typeof name === 'string' && isToken(name)
  return Array.isArray(value) && value.every(isName) && new Set(value).size === value.length
}
