const tokenCharacter = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/

/** Returns whether a string is a token (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

/** Reads a header field from left to right. Its methods throw a SyntaxError that names the index. */
export interface Scanner {
  readonly isAtEnd: boolean
  skipSpace(): void
  /** Skips `character` when it is the next one. Returns whether it was. */
  accept(character: string): boolean
  expect(character: string): void
  fail(): never
  token(): string
  tokenOrQuoted(): string
}

export function scan(header: string): Scanner {
  let at = 0
  const fail = (): never => {
    throw new SyntaxError(at < header.length ? `Unexpected character at index ${at}` : 'Unexpected end of input')
  }
  const token = (): string => {
    const start = at
    while (at < header.length && tokenCharacter.test(header[at])) at++
    if (at === start) fail()
    return header.slice(start, at)
  }
  const quoted = (): string => {
    let text = ''
    while (header[at] !== '"') {
      if (header[at] === '\\') at++
      if (at >= header.length || !tokenCharacter.test(header[at])) fail()
      text += header[at++]
    }
    if (text === '') fail()
    at++
    return text
  }
  return {
    get isAtEnd() {
      return at >= header.length
    },
    skipSpace() {
      while (header[at] === ' ' || header[at] === '\t') at++
    },
    accept(character) {
      if (header[at] !== character) return false
      at++
      return true
    },
    expect(character) {
      if (header[at] !== character) fail()
      at++
    },
    fail,
    token,
    tokenOrQuoted() {
      if (header[at] !== '"') return token()
      at++
      return quoted()
    },
  }
}
