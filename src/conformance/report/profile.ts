import type { RunResult } from '../result.ts'

/** One line of the profile of a target. */
export interface ProfileEntry {
  name: string
  value: string
}

/** Returns the observations of a run as lines: `close code protocol error: 1002 ×58`. */
export function describeProfile(result: RunResult): ProfileEntry[] {
  const { target } = result
  const fixed: ProfileEntry[] = [
    { name: 'Server field', value: target.server_header ?? 'not sent' },
    { name: 'permessage-deflate', value: target.pmd ? 'accepted' : 'declined' },
    { name: 'HTTP/2', value: target.h2 ? 'yes' : 'no' },
    { name: 'TLS', value: target.tls ?? 'no' },
  ]
  const observed = Object.entries(result.observations).map(([name, value]) => ({
    name: name.replaceAll('_', ' '),
    value: describeValue(value),
  }))
  return [...fixed, ...observed]
}

function describeValue(value: unknown): string {
  if (value === null || value === undefined) return 'not seen'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return groupDigits(value)
  if (Array.isArray(value)) return value.map(describeValue).join(', ')
  if (typeof value !== 'object') return String(value)
  return Object.entries(value)
    .map(([key, inner]) => (/^\d+$/.test(key) ? `${key} ×${describeValue(inner)}` : `${key} ${describeValue(inner)}`))
    .join(', ')
}

/** Formats a number: `104,857,600`. */
function groupDigits(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 })
}
