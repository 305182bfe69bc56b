/** Thrown for an invalid command line. The exit code is 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Makes the error for a value that an option does not accept. */
export function wrongValue(option: string, value: string, allowed: string): UsageError {
  return new UsageError(`option --${option} is '${value}'; allowed: ${allowed}`)
}

/** @throws {UsageError} when `value` is not one of `allowed`. */
export function oneOf<Name extends string>(option: string, value: string, allowed: readonly Name[]): Name {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) throw wrongValue(option, value, allowed.join(', '))
  return found
}

/** @throws {UsageError} when `value` is not an integer from `min`. */
export function integer(option: string, value: string, min: number): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < min) throw wrongValue(option, value, `an integer from ${min} up`)
  return number
}

/** Reads integers separated by commas. */
export function integers(option: string, list: string, min: number): number[] {
  return list.split(',').map((value) => integer(option, value, min))
}

/** @throws {UsageError} when `value` is not a number of seconds up to an hour. */
export function seconds(option: string, value: string): number {
  const number = Number(value)
  if (value === '' || !(number >= 0) || number > 3600) throw wrongValue(option, value, 'seconds from 0 to 3600')
  return number
}
