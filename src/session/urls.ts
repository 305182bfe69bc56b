/** The name of the parameter in a segment; `never` when there is none. */
type ParamName<Segment> = Segment extends `:${infer Name}` ? Name : never

/** The names of the parameters in a pattern. */
type ParamNames<Pattern> = Pattern extends `${infer Segment}/${infer Rest}`
  ? ParamName<Segment> | ParamNames<Rest>
  : ParamName<Pattern>

/**
 * The percent-decoded parameters of a path. The keys are the names in the pattern, or any string when the type of the
 * pattern is `string`.
 */
export type PathParams<Pattern extends string = string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParamNames<Pattern>]: string }

/** The result of a match. `params` has no prototype, so that a pattern may use any name. */
export interface UrlMatch<T> {
  readonly value: T
  readonly params: PathParams
  /** Whether only the pattern `*` has matched. */
  readonly isFallback?: boolean | undefined
}

interface Pattern<T> {
  readonly source: string
  readonly value: T
  readonly segments: readonly Segment[]
}

/** A literal text, or the name of a parameter. */
interface Segment {
  readonly text: string
  readonly isParam: boolean
}

const PARAM_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const NO_PARAMS: PathParams = Object.freeze(Object.create(null))

/**
 * A table of path patterns, which are compiled on construction (RFC 3986 §3.3).
 *
 * A pattern is a path whose segments are literals or have the form `:name`, which matches one non-empty segment. Paths
 * are not normalized: `/chat` and `/chat/` are different, matching is case-sensitive, and `.` and `..` are ordinary
 * segments. Literals and parameters are percent-decoded segment by segment, so `%2F` does not separate segments.
 * Patterns without parameters take precedence. Among patterns with parameters, the first match in the table is used.
 * The pattern `*` matches all paths that no other pattern matches.
 */
export class Urls<T> {
  readonly #literal = new Map<string, T>()
  /** Patterns by their number of segments, those without parameters first. */
  readonly #byLength = new Map<number, Pattern<T>[]>()
  readonly #fallback: UrlMatch<T> | null = null

  /** @throws {TypeError} when a pattern is malformed, or two patterns match the same paths. */
  constructor(table: Readonly<Record<string, T>>) {
    const { '*': fallback, ...paths } = table
    if (fallback !== undefined) this.#fallback = { value: fallback, params: NO_PARAMS, isFallback: true }
    const patterns = Object.entries(paths).map(([source, value]) => compilePattern(source, value))
    const shapes = new Map<string, string>()
    for (const pattern of patterns.toSorted((a, b) => Number(hasParams(a)) - Number(hasParams(b)))) {
      const shape = JSON.stringify(pattern.segments.map(({ text, isParam }) => (isParam ? 0 : text)))
      const twin = shapes.get(shape)
      if (twin !== undefined) throw new TypeError(`pattern ${pattern.source} matches the same paths as ${twin}`)
      shapes.set(shape, pattern.source)
      this.#add(pattern)
    }
  }

  #add(pattern: Pattern<T>): void {
    if (!hasParams(pattern)) this.#literal.set(`/${pattern.segments.map(({ text }) => text).join('/')}`, pattern.value)
    const { length } = pattern.segments
    const group = this.#byLength.get(length)
    if (group === undefined) this.#byLength.set(length, [pattern])
    else group.push(pattern)
  }

  /**
   * Returns the value and parameters of the first pattern that matches a percent-encoded path; null when none does.
   *
   * @throws {URIError} when a percent sign does not begin a valid percent-encoding of UTF-8.
   */
  match(path: string): UrlMatch<T> | null {
    if (!path.includes('%')) {
      const value = this.#literal.get(path)
      if (value !== undefined) return { value, params: NO_PARAMS }
    }
    const segments = path.slice(1).split('/').map(decodeURIComponent)
    for (const pattern of this.#byLength.get(segments.length) ?? []) {
      if (matchesPattern(pattern, segments)) return { value: pattern.value, params: readParams(pattern, segments) }
    }
    return this.#fallback
  }
}

function compilePattern<T>(source: string, value: T): Pattern<T> {
  if (!source.startsWith('/')) throw new TypeError(`pattern ${JSON.stringify(source)} does not begin with a slash`)
  const names = new Set<string>()
  const segments = source
    .slice(1)
    .split('/')
    .map((text) => {
      if (/[*?#]/.test(text)) {
        throw new TypeError(
          `pattern ${source} has the segment ${text}; allowed: literals, :name, and * as the whole pattern`,
        )
      }
      if (!text.startsWith(':')) return { text, isParam: false }
      const name = text.slice(1)
      if (!PARAM_NAME.test(name)) {
        throw new TypeError(`pattern ${source} has the parameter ${text}; allowed: letters, digits and _`)
      }
      if (names.has(name)) throw new TypeError(`pattern ${source} has the parameter ${text} twice`)
      names.add(name)
      return { text: name, isParam: true }
    })
  return { source, value, segments }
}

function hasParams({ segments }: Pattern<unknown>): boolean {
  return segments.some(({ isParam }) => isParam)
}

function matchesPattern(pattern: Pattern<unknown>, segments: readonly string[]): boolean {
  return pattern.segments.every(({ text, isParam }, i) => (isParam ? segments[i] !== '' : segments[i] === text))
}

function readParams(pattern: Pattern<unknown>, segments: readonly string[]): PathParams {
  const params: Record<string, string> = Object.create(null)
  pattern.segments.forEach(({ text, isParam }, i) => {
    if (isParam) params[text] = segments[i]
  })
  return params
}
