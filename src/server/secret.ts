import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Whether two secrets are the same, in a time that tells nothing about where they differ: for tokens and passwords in
 * `authorize` (RFC 6455 §10.5).
 */
export function isEqualSecret(given: string, expected: string): boolean {
  // Digests have one length: the length of the secret is not told either.
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
