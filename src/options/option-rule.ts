/** The rule of one option: the values it accepts and its default. */
export interface OptionRule<T> {
  readonly fallback: T
  /** The required result of `typeof`; null when several types are allowed. */
  readonly type: string | null
  /** Whether a value that is not accepted counts as a value of the wrong type, such as an object of another class. */
  readonly isType?: boolean | undefined
  /** The part of the error message after `allowed: `. */
  readonly allowed: string
  accepts(value: unknown): boolean
}

/** A table of rules, one per option of an options object. */
export type OptionRules = Readonly<Record<string, OptionRule<unknown>>>

/** The options that a table of rules describes, with defaults filled in. */
export type Settings<Rules extends OptionRules> = {
  [Name in keyof Rules]: Rules[Name] extends OptionRule<infer T> ? T : never
}

/** Maximum delay of a timer, in milliseconds. With a longer one, timers of Node and of browsers fire at once. */
export const LONGEST_DELAY = 2 ** 31 - 1

/** Accepts a safe integer from `min` to `max`, both included. */
export function integer(fallback: number, min = 1, max = Infinity): OptionRule<number> {
  const allowed = `an integer from ${min}${max === Infinity ? '' : ` to ${max}`}`
  const accepts = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
  return { fallback, type: 'number', allowed, accepts }
}

/** Accepts a time in milliseconds, for which a timer can be started. */
export function milliseconds(fallback: number, min = 1): OptionRule<number> {
  return integer(fallback, min, LONGEST_DELAY)
}

/** Accepts a number above 0. `Infinity` means no limit. */
export function positive(fallback: number): OptionRule<number> {
  return { fallback, type: 'number', allowed: 'a positive number', accepts: (value) => (value as number) > 0 }
}

/** Accepts one of `values`. The first one is the default. */
export function choice<const T extends string>(...values: readonly [T, ...T[]]): OptionRule<T> {
  const allowed = values.map((value) => `'${value}'`).join(', ')
  return {
    fallback: values[0],
    type: null,
    allowed,
    accepts: (value) => (values as readonly unknown[]).includes(value),
  }
}

export function flag(fallback: boolean): OptionRule<boolean> {
  return { fallback, type: 'boolean', allowed: 'true or false', accepts: () => true }
}

/** Accepts a function. */
// biome-ignore lint/complexity/noBannedTypes: any function type is allowed here
export function callback<T extends Function | undefined>(fallback: T): OptionRule<T> {
  return { fallback, type: 'function', allowed: 'a function', accepts: () => true }
}

/** Accepts what `rule` accepts, and null to turn the option off. */
export function orNull<T>(rule: OptionRule<T>, fallback: T | null = null): OptionRule<T | null> {
  return {
    fallback,
    type: null,
    isType: rule.isType,
    allowed: `${rule.allowed}, or null`,
    accepts: (value) => value === null || isAllowed(rule, value),
  }
}

/** Accepts any object, for example one from another library. Its properties are not checked. */
export function anyObject<T extends object | undefined>(fallback: T): OptionRule<T> {
  return { fallback, type: 'object', allowed: 'an object', accepts: (value) => value !== null }
}

/**
 * Accepts an object whose properties are the values. Objects of other kinds, such as a Map, `Headers` or a promise,
 * seem to be empty and would be ignored silently.
 */
export function record<T extends object | undefined>(fallback: T, allowed: string): OptionRule<T> {
  return { fallback, type: 'object', isType: true, allowed, accepts: isRecord }
}

/** Accepts an object that has these methods. */
export function objectWith<T extends object | null | undefined>(
  fallback: T,
  allowed: string,
  methods: readonly string[],
): OptionRule<T> {
  const accepts = (value: unknown): boolean =>
    value !== null && methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  return { fallback, type: 'object', isType: true, allowed, accepts }
}

/** Accepts an AbortSignal, including those from other realms and from polyfills. */
export const abortSignal: OptionRule<AbortSignal | undefined> = {
  fallback: undefined,
  type: 'object',
  isType: true,
  allowed: 'an AbortSignal',
  accepts: (value) => tagOf(value) === '[object AbortSignal]',
}

/** Returns whether an object stores its values as properties, like a literal, an instance of a class, or a module. */
export function isRecord(value: unknown): boolean {
  return / (Object|Module)\]$/.test(tagOf(value))
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value)
}

/** Accepts what `rule` accepts, and `Infinity` for no limit. */
export function orInfinity(rule: OptionRule<number>, fallback = rule.fallback): OptionRule<number> {
  return {
    ...rule,
    fallback,
    allowed: `${rule.allowed}, or Infinity`,
    accepts: (value) => value === Infinity || rule.accepts(value),
  }
}

/** Returns whether `rule` accepts `value`. */
export function isAllowed(rule: OptionRule<unknown>, value: unknown): boolean {
  return (rule.type === null || typeof value === rule.type) && rule.accepts(value)
}
