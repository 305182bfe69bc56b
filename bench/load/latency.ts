/** Sub-buckets per power of two: the width of a bucket is at most 1/64 of its value. */
const PRECISION_BITS = 7
const SUB_BUCKETS = 1 << PRECISION_BITS
const HALF = SUB_BUCKETS >> 1
const LARGEST = 0x7fffffff

/** The percentiles that a report shows, in per cent. */
export const REPORTED_PERCENTILES = [50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100] as const

/**
 * Counts integers from 0 to 2³¹−1 in log-linear buckets, as HdrHistogram does: constant memory,
 * and every percentile is within 1/64 of the truth.
 */
export class Histogram {
  #counts = new Float64Array(bucketOf(LARGEST) + 1)
  #total = 0
  #largest = 0

  get total(): number {
    return this.#total
  }

  /** The largest value recorded, exact. */
  get largest(): number {
    return this.#largest
  }

  /** Counts `value`, rounded down; what lies outside the range counts at its nearer end. */
  record(value: number, times = 1): void {
    const integer = Math.max(0, Math.min(LARGEST, Math.floor(value)))
    this.#counts[bucketOf(integer)] += times
    this.#total += times
    if (integer > this.#largest) this.#largest = integer
  }

  /** The highest value of the bucket that holds the given percentile (0 to 100); 0 when nothing was recorded. */
  percentile(percent: number): number {
    // The tolerance keeps 99.9 % of 1000 at the 999th value in spite of binary fractions.
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#total - 1e-9))
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]
      if (seen >= rank) return Math.min(highestOf(bucket), this.#largest)
    }
    return this.#largest
  }

  add(other: Histogram): void {
    for (let bucket = 0; bucket < this.#counts.length; bucket++) this.#counts[bucket] += other.#counts[bucket]
    this.#total += other.#total
    this.#largest = Math.max(this.#largest, other.#largest)
  }

  /** The reported percentiles, each value multiplied by `unit`. */
  summary(unit = 1): Record<string, number> {
    return Object.fromEntries(REPORTED_PERCENTILES.map((percent) => [String(percent), this.percentile(percent) * unit]))
  }
}

/** Values below 128 have a bucket each; above, every power of two is cut into 64 equal buckets. */
function bucketOf(value: number): number {
  if (value < SUB_BUCKETS) return value
  const shift = 32 - PRECISION_BITS - Math.clz32(value)
  return SUB_BUCKETS + (shift - 1) * HALF + ((value >>> shift) - HALF)
}

function highestOf(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket
  const shift = Math.floor((bucket - SUB_BUCKETS) / HALF) + 1
  const top = ((bucket - SUB_BUCKETS) % HALF) + HALF
  return (top + 1) * 2 ** shift - 1
}
