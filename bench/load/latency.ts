import { createHistogram } from 'node:perf_hooks'

/** The percentiles that a report shows. */
const PERCENTILES = [50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100]

const NANOSECONDS_PER_MILLISECOND = 1e6
const NANOSECONDS_PER_MICROSECOND = 1000

/** The latencies of one round in constant memory. Percentiles are exact to three digits (HdrHistogram). */
export class Latencies {
  readonly #histogram = createHistogram()

  /** Records a latency in milliseconds. A latency below one nanosecond counts as one nanosecond. */
  record(milliseconds: number): void {
    this.#histogram.record(Math.max(1, Math.round(milliseconds * NANOSECONDS_PER_MILLISECOND)))
  }

  /** Returns the microseconds by percentile; 0 when nothing was recorded. */
  summary(): Record<string, number> {
    const microseconds = (percent: number): number => this.#histogram.percentile(percent) / NANOSECONDS_PER_MICROSECOND
    return Object.fromEntries(PERCENTILES.map((percent) => [String(percent), microseconds(percent)]))
  }
}
