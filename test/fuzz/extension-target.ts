import fc from 'fast-check'
import { negotiate } from '../../src/deflate/offer.ts'
import { readDeflateOptions } from '../../src/deflate/options.ts'
import { type Extension, formatExtensions, parseExtensions } from '../../src/handshake/header-grammar.ts'
import { bytes, maybeDamaged } from '../support/arbitrary.ts'
import { assert } from '../support/unit.ts'
import type { Target } from './target.ts'

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const BLANK = '[ \\t]*'
/** A quoted string that is a token once its backslashes are removed (RFC 6455 §9.1). */
const QUOTED = `"(?:\\\\?[!#$%&'*+.^_\`|~0-9A-Za-z-])+"`
const PARAMETER = `${TOKEN}(?:${BLANK}=${BLANK}(?:${TOKEN}|${QUOTED}))?`
const EXTENSION = `${TOKEN}(?:${BLANK};${BLANK}${PARAMETER})*`

/** Splits at separators outside of quotes. */
function splitOutside(text: string, separator: string): string[] {
  const parts = ['']
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    if (isQuoted && text[i] === '\\') {
      parts[parts.length - 1] += text.slice(i, i + 2)
      i++
    } else if (text[i] === separator && !isQuoted) parts.push('')
    else {
      if (text[i] === '"') isQuoted = !isQuoted
      parts[parts.length - 1] += text[i]
    }
  }
  return parts
}

const strip = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '')

/** Parses the grammar of RFC 6455 §9.1 with regular expressions and by splitting. */
function slowParse(text: string): Extension[] | null {
  const elements = splitOutside(text, ',')
    .map(strip)
    .filter((element) => element !== '')
  if (elements.length === 0) return null
  if (!elements.every((element) => new RegExp(`^${EXTENSION}$`).test(element))) return null
  return elements.map((element) => {
    const [name, ...parameters] = splitOutside(element, ';').map(strip)
    return {
      name,
      parameters: parameters.map((parameter) => {
        const [key, value] = splitOutside(parameter, '=').map(strip)
        const quoted = value?.startsWith('"') ?? false
        return {
          name: key,
          value: value === undefined ? null : quoted ? value.slice(1, -1).replaceAll('\\', '') : value,
          quoted,
        }
      }),
    }
  })
}

const WORDS = [
  'permessage-deflate',
  'x',
  'server_no_context_takeover',
  'client_no_context_takeover',
  'client_max_window_bits',
  'server_max_window_bits',
  '__proto__',
  ',',
  ';',
  '=',
  ' ',
  '\t',
  '"',
  '\\',
  '10',
  '15',
  '8',
  '"9"',
  '"a\\b"',
  'é',
  '',
  ', ',
  '; ',
]
const options = readDeflateOptions(true)

const fields = fc
  .record({
    text: fc.array(fc.constantFrom(...WORDS), { maxLength: 15 }).map((words) => words.join('')),
    bits: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 3, arbitrary: fc.nat(17) }),
  })
  .map(({ text, bits }) => {
    const offer = `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits, `
    return Buffer.from(`${bits === null ? '' : offer}${text}`, 'latin1')
  })

/** The grammar of `Sec-WebSocket-Extensions`, and the negotiation. */
export const extensionTarget: Target<Buffer> = {
  name: 'extension grammar',
  inputs: fc.oneof({ weight: 19, arbitrary: maybeDamaged(fields, 30) }, { weight: 1, arbitrary: bytes(60) }),
  check(input) {
    const text = input.toString('latin1')
    const found = parseExtensions(text)
    assert.equal(found, slowParse(text))
    if (found === null) return 0
    const again = parseExtensions(formatExtensions(found))!
    const bare = (extensions: Extension[]): unknown =>
      extensions.map(({ name, parameters }) => [name, parameters.map(({ name, value }) => [name, value])])
    assert.equal(bare(again), bare(found))
    const agreed = negotiate(found, options)
    if (agreed !== null) assert.is(slowParse(agreed.response)?.[0].name, 'permessage-deflate')
    return 0
  },
}
