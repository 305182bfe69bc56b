/** Wrong arguments: the message goes to standard error, the exit code is 2. */
export class UsageError extends Error {}

/** An option's whole number from `least` to `most`. Throws a UsageError for anything else. */
export function readInteger(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`--${name} ${text}: a whole number from ${least} to ${most} is allowed`)
  }
  return value
}
