import type { CatalogueEntry } from '../catalogue/index.ts'
import { Mismatch } from '../peer/index.ts'
import type { CaseResult, Verdict } from '../result.ts'
import { Settled, Skip, type Trial } from '../script/index.ts'

/** Converts a thrown value to a verdict: skipped, decided by its assertions, a mismatch, or an error of the tester. */
export function readThrown(error: unknown, trial: Trial): { verdict?: Verdict; note?: string } {
  if (error instanceof Skip) return { verdict: 'skip', note: error.message }
  if (error instanceof Settled) return {}
  if (error instanceof Mismatch) {
    trial.assert(false, error.expected, error.actual)
    return {}
  }
  return { verdict: 'error', note: (error as Error).stack ?? String(error) }
}

/**
 * Returns the worst verdict of the assertions. An `info` entry remains `info` unless an assertion has another class.
 */
export function verdictOf(trial: Pick<Trial, 'assertions' | 'entry'>): Verdict {
  const broken = trial.assertions.filter(({ ok }) => !ok)
  if (broken.some((assertion) => assertion.class === 'must')) return 'fail'
  if (broken.some((assertion) => assertion.class === 'should')) return 'warn'
  return trial.entry.class === 'info' ? 'info' : 'pass'
}

/** The part of a result that comes from the catalogue. */
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

/** The outcome of one attempt at a case. */
export interface Attempt {
  verdict: Verdict
  /** Milliseconds. */
  duration: number
  note?: string
  repro: string
  /** Whether the wire log of a passed case is retained. */
  keepWire?: boolean
}

/** Makes the result of a case from its trial. */
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
    ...(trial.opened === false && { opened: false as const }),
    close: last ? { ...last.closing } : { by: null, code: null, reason: null, tcp: null },
    wire: verdict === 'pass' && !keepWire ? [] : trial.log.events(),
  }
}

/** Makes the result of a case that did not run, with the reason. */
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

/** Describes a failed result in one line. */
export function failureOf(result: CaseResult): string {
  const broken = result.assertions.find(({ ok }) => !ok)
  return broken === undefined ? (result.note ?? result.verdict) : `expected ${broken.expected}, got ${broken.actual}`
}

/** Joins notes. Returns undefined when there are none. */
export function joinNotes(...notes: (string | undefined)[]): string | undefined {
  const given = notes.filter((note) => note !== undefined && note !== '')
  return given.length === 0 ? undefined : given.join('; ')
}
