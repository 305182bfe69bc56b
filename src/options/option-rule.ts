/** The rule of one option: the values it accepts and its default. */
export interface OptionRule<T> {
  readonly fallback: T
  /** The required result of `typeof`; null when several types are allowed. */
  readonly type: string | null
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

/** Accepts a safe integer from `min` to `max`, both included. */
export function integer(fallback: number, min = 1, max = Number.MAX_SAFE_INTEGER): OptionRule<number> {
  const allowed = max === Number.MAX_SAFE_INTEGER ? `an integer from ${min}` : `an integer from ${min} to ${max}`
  const accepts = (value: unknown): boolean => Number.isSafeInteger(value) && isBetween(value as number, min, max)
  return { fallback, type: 'number', allowed, accepts }
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
    allowed: `${rule.allowed}, or null`,
    accepts: (value) => value === null || isAllowed(rule, value),
  }
}

/** Accepts any object, for example one of another library. Its properties are not checked. */
export function anyObject<T extends object | undefined>(fallback: T): OptionRule<T> {
  return { fallback, type: 'object', allowed: 'an object', accepts: (value) => value !== null }
}

/** Accepts what `rule` accepts, and `Infinity` for no limit. */
export function orInfinity(rule: OptionRule<number>, fallback = rule.fallback): OptionRule<number> {
  return {
    ...rule,
    fallback,
    allowed: `${rule.allowed}, or Infinity`,
    accepts: (value) => value === Number.POSITIVE_INFINITY || rule.accepts(value),
  }
}

/** Returns whether `rule` accepts `value`. */
export function isAllowed(rule: OptionRule<unknown>, value: unknown): boolean {
  return (rule.type === null || typeof value === rule.type) && rule.accepts(value)
}

function isBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max
}
