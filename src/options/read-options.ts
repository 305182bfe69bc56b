import { isAllowed, isRecord, type OptionRule, type OptionRules, type Settings } from './option-rule.ts'

/**
 * Fills in options that are absent or undefined and checks the others. Names without a rule are ignored; use
 * `checkOptionNames` to refuse them.
 *
 * @param rules The rule of each option.
 * @param options The user's options.
 * @param path The text before a name in error messages, such as `'deflate.'`. Default `''`.
 * @param base Replaces the defaults of the rules, for options that override others.
 * @throws {TypeError} when an option has the wrong type, or `options` is not an object.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readOptions<const Rules extends OptionRules>(
  rules: Rules,
  options: object,
  path = '',
  base: Partial<Settings<Rules>> = {},
): Settings<Rules> {
  const settings: Record<string, unknown> = {}
  for (const [name, rule] of Object.entries(rules)) {
    const value = options[name as never]
    if (value === undefined) settings[name] = name in base ? base[name] : rule.fallback
    else settings[name] = checkOption(path + name, value, rule)
  }
  return settings as Settings<Rules>
}

/**
 * Returns `value` when `rule` accepts it.
 *
 * @throws {TypeError} when the value has the wrong type.
 * @throws {RangeError} when the value is not allowed.
 */
export function checkOption<T>(name: string, value: unknown, rule: OptionRule<T>): T {
  if (isAllowed(rule, value)) return value as T
  const isWrongType = rule.isType || (rule.type !== null && typeof value !== rule.type)
  throw new (isWrongType ? TypeError : RangeError)(optionMessage(name, value, rule.allowed))
}

/**
 * Refuses unknown option names, because a misspelled limit would silently mean no limit.
 *
 * @throws {TypeError} when `options` is not an object or has a name that is not in `known`.
 */
export function checkOptionNames(options: unknown, known: readonly string[], path = ''): void {
  if (!isRecord(options)) {
    const name = path === '' ? 'options' : `option ${path.slice(0, -1)}`
    throw new TypeError(`${name} is ${describe(options)}; allowed: an object`)
  }
  for (const name of Object.keys(options as object)) {
    if (!known.includes(name)) throw new TypeError(`option ${path}${name} is unknown; allowed: ${known.join(', ')}`)
  }
}

/** Copies the options with these names, including inherited ones such as getters of a class. */
export function pickOptions<T extends object>(options: T, names: readonly string[]): Partial<T> {
  return Object.fromEntries(names.map((name) => [name, options[name as keyof T]])) as Partial<T>
}

/** Number of elements of an array in an error message. */
const SHOWN_ELEMENTS = 10

/** Formats an error message about an option: the value found and the allowed values. */
export function optionMessage(name: string, value: unknown, allowed: string): string {
  return `option ${name} is ${describe(value)}; allowed: ${allowed}`
}

/** An array in an array is not shown, because it may contain itself. */
function describeElement(value: unknown, index: number): string {
  return index === SHOWN_ELEMENTS || Array.isArray(value) ? '…' : describe(value)
}

/** Formats a value for an error message, so that `'5'` differs from `5`. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 80 ? `${value.slice(0, 80)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value))
    return `[${value
      .slice(0, SHOWN_ELEMENTS + 1)
      .map(describeElement)
      .join(', ')}]`
  if (value !== Object(value)) return String(value)
  return `an object (${(value as object).constructor?.name ?? 'no prototype'})`
}
