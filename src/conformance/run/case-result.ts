import type { CatalogueEntry } from '../catalogue/index.ts'
import { Mismatch } from '../peer/index.ts'
import type { CaseResult, Verdict } from '../result.ts'
import { Settled, Skip, type Trial } from '../script/index.ts'

/** What a thrown value says about the case: skipped, settled by its assertions, a mismatch, or an error of the tester. */
export function readThrown(error: unknown, trial: Trial): { verdict?: Verdict; note?: string } {
  if (error instanceof Skip) return { verdict: 'skip', note: error.message }
  if (error instanceof Settled) return {}
  if (error instanceof Mismatch) {
    trial.assert(false, error.expected, error.actual)
    return {}
  }
  return { verdict: 'error', note: (error as Error).stack ?? String(error) }
}

/** The worst of the assertions; an `info` entry stays `info` unless an assertion has a class of its own. */
export function verdictOf(trial: Pick<Trial, 'assertions' | 'entry'>): Verdict {
  const broken = trial.assertions.filter(({ ok }) => !ok)
  if (broken.some((assertion) => assertion.class === 'must')) return 'fail'
  if (broken.some((assertion) => assertion.class === 'should')) return 'warn'
  return trial.entry.class === 'info' ? 'info' : 'pass'
}

/** What the result of a case says about its entry, whether it ran or not. */
function describeEntry(entry: CatalogueEntry, repro: string) {
  const { id, group, title, requirements, send, expect } = entry
  return {
    id,
    aliases: entry.autobahn === null ? [] : [`ab:${entry.autobahn}`],
    group,
    title,
    class: entry.class,
    requirements,
    send,
    expect,
    repro,
  }
}

/** How one attempt at a case ended. */
export interface Attempt {
  verdict: Verdict
  /** Milliseconds. */
  duration: number
  note?: string
  repro: string
  /** Keeps the wire log of a passed case as well. */
  keepWire?: boolean
}

/** The result of a case from its trial. */
export function resultOf(trial: Trial, { verdict, duration, note, repro, keepWire }: Attempt): CaseResult {
  const { entry } = trial
  const observed = entry.class === 'info' ? trial.assertions.filter(({ ok }) => !ok).map(({ actual }) => actual) : []
  const last = trial.peers.at(-1)
  return {
    ...describeEntry(entry, repro),
    verdict,
    note: joinNotes(note, ...trial.notes, ...observed),
    duration_ms: Math.round(duration * 10) / 10,
    attempts: 1,
    assertions: trial.assertions,
    close: last ? { ...last.closing } : { by: null, code: null, reason: null, tcp: null },
    wire: verdict === 'pass' && !keepWire ? [] : trial.log.events(),
  }
}

/** The result of a case that did not run, with the reason. */
export function skipped(entry: CatalogueEntry, reason: string, repro: string): CaseResult {
  return {
    ...describeEntry(entry, repro),
    verdict: 'skip',
    note: reason,
    duration_ms: 0,
    attempts: 0,
    assertions: [],
    close: { by: null, code: null, reason: null, tcp: null },
    wire: [],
  }
}

/** One line on why a result is bad. */
export function failureOf(result: CaseResult): string {
  const broken = result.assertions.find(({ ok }) => !ok)
  return broken === undefined ? (result.note ?? result.verdict) : `expected ${broken.expected}, got ${broken.actual}`
}

/** The notes that are given, as one; undefined when there are none. */
export function joinNotes(...notes: (string | undefined)[]): string | undefined {
  const given = notes.filter((note) => note !== undefined && note !== '')
  return given.length === 0 ? undefined : given.join('; ')
}
