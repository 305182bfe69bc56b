/** A median with its quartiles. */
export interface Spread {
  median: number
  /** The lower and upper quartile. */
  low: number
  high: number
}

/** The value below which `fraction` (0 to 1) of the values lie, interpolated; NaN without values. */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * fraction
  const below = Math.floor(at)
  const above = Math.ceil(at)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** NaN without values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/** The distance of the quartiles divided by the median: 0.1 means that half of the rounds lie within ±5 %. */
export function relativeSpread(spread: Spread): number {
  return (spread.high - spread.low) / spread.median
}

/**
 * The ratios of two series of one run, round by round: what slowed down the whole machine during a round cancels out.
 */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): number[] {
  const count = Math.min(numerators.length, denominators.length)
  return Array.from({ length: count }, (_, round) => numerators[round] / denominators[round])
}

/** `items` rotated by `round` places: A B C, then B C A, so that none always runs after the same neighbor. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const by = items.length === 0 ? 0 : round % items.length
  return [...items.slice(by), ...items.slice(0, by)]
}
