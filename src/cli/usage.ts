import { isAllowed, type OptionRule } from '../options/option-rule.ts'
import { optionMessage } from '../options/read-options.ts'

/** Thrown for invalid arguments. The message goes to standard error, and the exit code is 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Returns whether an error is about invalid arguments. */
export function isUsageError(error: unknown): error is Error {
  const code = String((error as NodeJS.ErrnoException | null | undefined)?.code)
  return error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')
}

/**
 * Returns the value of the option `--name`; when its rule accepts numbers, decimal digits are read as a number.
 *
 * @throws {UsageError} when the rule does not accept it.
 */
export function readOption<T>(name: string, text: string, rule: OptionRule<T>): T {
  const value = rule.type === 'number' && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text
  if (!isAllowed(rule, value)) throw new UsageError(optionMessage(`--${name}`, text, rule.allowed))
  return value as T
}

/** Runs `make`, and converts an error from the library about an option to a UsageError. */
export function withUsageErrors<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('option ')) throw new UsageError(error.message)
    throw error
  }
}
