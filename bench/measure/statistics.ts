/** A median with its quartiles. */
export interface Spread {
  median: number
  /** The lower and upper quartile. */
  low: number
  high: number
}

/** Returns the interpolated quantile for `fraction` (0 to 1), or NaN without values. */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * fraction
  const below = Math.floor(at)
  const above = Math.ceil(at)
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below)
}

/** Returns the median, or NaN without values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/**
 * Returns the distance between the quartiles divided by the median. With 0.1, half of the rounds are within about
 * ±5 %.
 */
export function relativeSpread(spread: Spread): number {
  return (spread.high - spread.low) / spread.median
}

/**
 * Returns the ratios of two series of one run by round, so that influences on the whole machine during a round cancel
 * out.
 */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): number[] {
  const count = Math.min(numerators.length, denominators.length)
  return Array.from({ length: count }, (_, round) => numerators[round] / denominators[round])
}

/** Returns `items` rotated by `round` places: A B C, then B C A. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const by = items.length === 0 ? 0 : round % items.length
  return [...items.slice(by), ...items.slice(0, by)]
}
