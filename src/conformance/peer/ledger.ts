/** Something the target did on any connection that a passive case forbids. */
export interface Breach {
  /** The case it belongs to: `inv.rsv`, `hs.resp.accept`. */
  rule: string
  /** The case during which it was seen. */
  seenIn: string
  detail: string
}

/** At most that many breaches of one rule are recorded; counting continues. */
const MAX_RECORDED = 50

/** What all traffic of a run showed: for the cases of `inv` and the passive ones of `hs.resp`, times and counts. */
export class Ledger {
  #breaches = new Map<string, { count: number; recorded: Breach[] }>()
  #counts = new Map<string, number>()
  #times = new Map<string, number[]>()
  #failures = new Map<number, Map<number | null, Set<string>>>()

  /** Records the code, null for none, of a connection that had to be failed with the code `expected`. */
  failure(expected: number, code: number | null, seenIn: string): void {
    const codes = this.#failures.get(expected) ?? new Map<number | null, Set<string>>()
    this.#failures.set(expected, codes.set(code, (codes.get(code) ?? new Set<string>()).add(seenIn)))
  }

  /** The codes of connections that had to be failed with that one, and the cases they were seen in. */
  failuresOf(expected: number): ReadonlyMap<number | null, ReadonlySet<string>> {
    return this.#failures.get(expected) ?? new Map()
  }

  /** Records a breach of a passive case. */
  breach(rule: string, seenIn: string, detail: string): void {
    const entry = this.#breaches.get(rule) ?? { count: 0, recorded: [] }
    entry.count++
    if (entry.recorded.length < MAX_RECORDED) entry.recorded.push({ rule, seenIn, detail })
    this.#breaches.set(rule, entry)
  }

  breachesOf(rule: string): Breach[] {
    return this.#breaches.get(rule)?.recorded ?? []
  }

  /** Counts something: frames, closes by code, ends with and without a Close. */
  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** The counts whose name begins so, without that beginning. */
  countsOf(prefix: string): Record<string, number> {
    const found = [...this.#counts].filter(([name]) => name.startsWith(prefix))
    return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length), count]))
  }

  /** Records a reply time in milliseconds. */
  time(name: string, milliseconds: number): void {
    const times = this.#times.get(name) ?? []
    if (times.length < 10_000) times.push(milliseconds)
    this.#times.set(name, times)
  }

  /** Median and 95th percentile of the reply times of that name, or null when there are none. */
  timesOf(name: string): { p50: number; p95: number; count: number } | null {
    const times = [...(this.#times.get(name) ?? [])].sort((a, b) => a - b)
    if (times.length === 0) return null
    const at = (share: number): number =>
      Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] * 100) / 100
    return { p50: at(0.5), p95: at(0.95), count: times.length }
  }
}
