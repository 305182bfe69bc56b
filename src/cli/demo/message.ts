/** Returns the object that a page sent as JSON, unchecked; an empty one when the message is not JSON. */
export function parseObject(message: string | Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(String(message)))
  } catch {
    return {}
  }
}

/** Returns whether a value is a string that is not blank. */
export function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxLength
}

/** Returns whether a value is the number of a message; pages count from 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
