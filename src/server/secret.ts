import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Returns whether two secrets are equal, in constant time: how long the comparison takes does not depend on where they
 * differ. Use it for tokens and passwords in `authorize` (RFC 6455 §10.5). Returns false when `expected` is empty,
 * because an empty secret usually means that no secret was configured.
 *
 * @throws {TypeError} when one of the secrets is not a string.
 */
export function isEqualSecret(given: string, expected: string): boolean {
  // Digests have the same length, so the time does not depend on the length of the secret either.
  const isEqual = timingSafeEqual(digest(given), digest(expected))
  return isEqual && expected !== ''
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
