/** One line of the table: what was measured, its bound, and whether it holds. */
export interface Finding {
  attack: string
  measured: string
  bound: string
  holds: boolean
}

export const MIB = 1024 * 1024

export function finding(attack: string, measured: string, bound: string, holds: boolean): Finding {
  return { attack, measured, bound, holds }
}

export const formatMib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
export const formatKib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}
