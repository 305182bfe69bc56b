/** A violation of a passive rule that was seen on some connection. */
export interface Breach {
  /** The case about the rule, for example `inv.rsv` or `hs.resp.accept`. */
  rule: string
  /** The case that ran when the violation was seen. */
  seenIn: string
  detail: string
}

/** How many violations of one rule are recorded for each case, and returned. Further ones are only counted. */
const MAX_RECORDED = 50

/** Violations, times and counts over all traffic of a run, for the cases of `inv` and `hs.resp`. */
export class Ledger {
  /** The violations of each rule, by the case that ran. */
  #breaches = new Map<string, Map<string, { count: number; recorded: Breach[] }>>()
  #counts = new Map<string, number>()
  #times = new Map<string, number[]>()
  #failures = new Map<number, Map<number | null, Set<string>>>()

  /** Records the Close code of a connection that had to fail with the code `expected`; null when there was none. */
  failure(expected: number, code: number | null, seenIn: string): void {
    const codes = this.#failures.get(expected) ?? new Map<number | null, Set<string>>()
    this.#failures.set(expected, codes.set(code, (codes.get(code) ?? new Set<string>()).add(seenIn)))
  }

  /** Returns the codes of the connections that had to fail with this code, and the cases that saw them. */
  failuresOf(expected: number): ReadonlyMap<number | null, ReadonlySet<string>> {
    return this.#failures.get(expected) ?? new Map()
  }

  /** Records a violation of a passive rule. */
  breach(rule: string, seenIn: string, detail: string): void {
    const byCase = this.#breaches.get(rule) ?? new Map<string, { count: number; recorded: Breach[] }>()
    const entry = byCase.get(seenIn) ?? { count: 0, recorded: [] }
    entry.count++
    if (entry.recorded.length < MAX_RECORDED) entry.recorded.push({ rule, seenIn, detail })
    this.#breaches.set(rule, byCase.set(seenIn, entry))
  }

  /** Returns the recorded violations of a rule. */
  breachesOf(rule: string): Breach[] {
    const byCase = [...(this.#breaches.get(rule)?.values() ?? [])]
    return byCase.flatMap(({ recorded }) => recorded).slice(0, MAX_RECORDED)
  }

  /** Returns the number of violations of a rule. */
  breachCountOf(rule: string): number {
    return [...(this.#breaches.get(rule)?.values() ?? [])].reduce((sum, { count }) => sum + count, 0)
  }

  /** Removes the violations of a rule that were seen in a case, when something else turned out to be their cause. */
  forget(rule: string, seenIn: string): void {
    this.#breaches.get(rule)?.delete(seenIn)
  }

  /** Increments a count: of frames, of Close codes, of ends with a Close. */
  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  countOf(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  /** Returns the counts whose names begin with a prefix, without that prefix. */
  countsOf(prefix: string): Record<string, number> {
    const found = [...this.#counts].filter(([name]) => name.startsWith(prefix))
    return Object.fromEntries(found.map(([name, count]) => [name.slice(prefix.length), count]))
  }

  /** Records the time until a reply, in milliseconds. */
  time(name: string, milliseconds: number): void {
    const times = this.#times.get(name) ?? []
    if (times.length < 10_000) times.push(milliseconds)
    this.#times.set(name, times)
  }

  /** Returns median and 95th percentile of the times with this name, or null when there are none. */
  timesOf(name: string): { p50: number; p95: number; count: number } | null {
    const times = [...(this.#times.get(name) ?? [])].sort((a, b) => a - b)
    if (times.length === 0) return null
    const at = (share: number): number =>
      Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] * 100) / 100
    return { p50: at(0.5), p95: at(0.95), count: times.length }
  }
}
