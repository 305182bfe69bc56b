import type { CatalogueEntry } from '../catalogue/entry.ts'
import { findEntry } from '../catalogue/index.ts'
import { Mismatch } from '../peer/inbound.ts'
import { WireLog } from '../peer/wire-log.ts'
import type { CaseResult, Verdict, WireEvent } from '../result.ts'
import type { Case, Phase } from '../script/case.ts'
import { type RunContext, Settled, Skip, Trial } from '../script/trial.ts'
import { Random } from '../wire/random.ts'

/** How a set of cases is run. */
export interface RunnerOptions {
  context: RunContext
  /** Connections at once; default 8. */
  jobs: number
  /** Times a failed case is run again; a later pass makes it `flaky`. */
  retries: number
  /** Multiplies the time limit of a case. */
  timeoutFactor: number
  /** Milliseconds for the whole run; what has not begun then is skipped. */
  deadline?: number
  /** Stops after that many failures. */
  bail?: number
  shuffle?: boolean
  /** Keeps the wire log of passed cases as well. */
  keepWire?: boolean
  /** The line that repeats one case. */
  repro(id: string): string
  onBegin?(entry: CatalogueEntry): void
  /** Called as each case ends, in the order of their ends. */
  onResult?(result: CaseResult): void
  onWire?(id: string, event: WireEvent): void
  /** Whether the target serves; called after a case that may have harmed it. */
  isServing(): Promise<boolean>
  /** Tries to have the target back; false when it is lost. */
  revive(): Promise<boolean>
  /** Grows when the process of the target dies. */
  crashCount?(): number
  /** The last output of that process. */
  lastWords?(): string
  signal?: AbortSignal
}

/** What a run found. */
export interface RunOutcome {
  results: CaseResult[]
  /** The target was lost on the way and did not come back. */
  lost: boolean
}

const LIMIT = 60_000
const PHASES: readonly Phase[] = ['parallel', 'idle', 'alone', 'last', 'after']
/** Cases of silence wait, they do not work: this many at once. */
const IDLE_JOBS = 32
/** After so many failures that came again alone, further ones are believed without repeating. */
const REPEATS = 12
/** Lines of the last output of a process that go into a note. */
const LAST_LINES = 8
const BAD: ReadonlySet<Verdict> = new Set(['fail', 'crash', 'error'])

/** Runs cases against one target, by phases, and gives their results in the order of `cases`. */
export class Runner {
  readonly #options: RunnerOptions
  readonly #results = new Map<string, CaseResult>()
  #failures = 0
  #confirmed = 0
  #stop: string | null = null
  #lost = false
  #deadline: number

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#deadline = performance.now() + (options.deadline ?? Number.POSITIVE_INFINITY)
  }

  async run(cases: readonly Case[]): Promise<RunOutcome> {
    const order = this.#options.shuffle ? new Random(this.#options.context.seed, 'shuffle').shuffle(cases) : [...cases]
    for (const phase of PHASES) {
      const ofPhase = order.filter((one) => (one.phase ?? 'parallel') === phase)
      const jobs = phase === 'parallel' ? this.#options.jobs : phase === 'idle' ? IDLE_JOBS : 1
      await this.#runPhase(ofPhase, Math.max(1, jobs))
    }
    return { results: cases.map((one) => this.#results.get(one.id) as CaseResult), lost: this.#lost }
  }

  async #runPhase(cases: Case[], jobs: number): Promise<void> {
    const waiting = [...cases]
    const suspects: Case[] = []
    const work = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const result = await this.#runOnce(one)
        this.#results.set(one.id, result)
        if (jobs > 1 && BAD.has(result.verdict)) suspects.push(one)
        else await this.#settle(one, result)
      }
    }
    await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work))
    // Those that ran while the target died come first: when one is found guilty, its neighbours are not.
    const died = suspects.filter((one) => this.#results.get(one.id)?.verdict === 'crash')
    const guilty = { found: false }
    for (const one of [...died, ...suspects.filter((other) => !died.includes(other))]) {
      await this.#repeatAlone(one, guilty)
    }
  }

  /** A failure in company is only believed when it comes again alone. */
  async #repeatAlone(one: Case, guilty: { found: boolean }): Promise<void> {
    const first = this.#results.get(one.id) as CaseResult
    if (this.#stop !== null || (this.#confirmed >= REPEATS && first.verdict === 'fail')) return this.#report(first)
    await this.#ensureServing()
    const again = await this.#runOnce(one)
    again.attempts = 2
    if (again.verdict === 'crash') guilty.found = true
    if (BAD.has(again.verdict)) this.#confirmed++
    else if (again.verdict !== 'skip' && !guilty.found) {
      again.verdict = 'flaky'
      again.note = joinNotes(`only in parallel: ${failureOf(first)}`, again.note)
    }
    await this.#settle(one, again)
  }

  /** Retries as asked for, then reports. */
  async #settle(one: Case, result: CaseResult): Promise<void> {
    let settled = result
    for (let left = this.#options.retries; left > 0 && BAD.has(settled.verdict) && this.#stop === null; left--) {
      await this.#ensureServing()
      const again = await this.#runOnce(one)
      again.attempts = settled.attempts + 1
      if (!BAD.has(again.verdict)) {
        again.verdict = 'flaky'
        again.note = joinNotes(`failed before: ${failureOf(settled)}`, again.note)
      }
      settled = again
    }
    this.#report(settled)
    if (settled.verdict === 'crash') await this.#ensureServing()
  }

  #report(result: CaseResult): void {
    this.#results.set(result.id, result)
    this.#options.onResult?.(result)
    if (BAD.has(result.verdict)) this.#failures++
    if (this.#options.bail !== undefined && this.#failures >= this.#options.bail) this.#stop ??= 'bail'
  }

  async #ensureServing(): Promise<void> {
    if (this.#stop !== null || (await this.#options.isServing())) return
    if (await this.#options.revive()) return
    this.#lost = true
    this.#stop = 'target lost'
  }

  async #runOnce(one: Case): Promise<CaseResult> {
    const entry = findEntry(one.id)
    if (entry === undefined) throw new Error(`${one.id} is not in the catalogue`)
    const reason = this.#stop ?? this.#interruption() ?? this.#missing(one)
    if (reason !== null) return skipped(entry, reason, this.#options.repro(one.id))
    const { context, onWire } = this.#options
    this.#options.onBegin?.(entry)
    const log = new WireLog(onWire && ((event) => onWire(one.id, event)))
    const trial = new Trial(entry, context, new Random(context.seed, one.id), log)
    const crashes = this.#options.crashCount?.() ?? 0
    const began = performance.now()
    const ended = await this.#perform(one, trial)
    const duration = performance.now() - began
    let verdict = ended.verdict ?? verdictOf(trial)
    trial.close()
    const died = (this.#options.crashCount?.() ?? 0) > crashes
    if (died || trial.lost || one.phase === 'last') verdict = (await this.#isDown(died)) ? 'crash' : verdict
    const words = died ? this.#options.lastWords?.().trim().split('\n').slice(-LAST_LINES).join('\n') : undefined
    return this.#resultOf(
      trial,
      verdict,
      duration,
      joinNotes(ended.note, words && `the target died; its last output: ${words}`),
    )
  }

  /** Whether the target is really down: it died, or a fresh look finds it not serving. */
  async #isDown(died: boolean): Promise<boolean> {
    const down = died || !(await this.#options.isServing())
    if (down && !(await this.#options.revive())) {
      this.#lost = true
      this.#stop ??= 'target lost'
    }
    return down
  }

  async #perform(one: Case, trial: Trial): Promise<{ verdict?: Verdict; note?: string }> {
    let timer: NodeJS.Timeout | undefined
    const limit = (one.limit ?? LIMIT) * this.#options.timeoutFactor
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no verdict within ${Math.round(limit)} ms`)), limit)
    })
    try {
      await Promise.race([one.run(trial), late])
    } catch (error) {
      return onThrown(error, trial)
    } finally {
      clearTimeout(timer)
    }
    return {}
  }

  #interruption(): string | null {
    if (this.#options.signal?.aborted) this.#stop = 'interrupted'
    else if (performance.now() >= this.#deadline) this.#stop = 'deadline'
    return this.#stop
  }

  #missing(one: Case): string | null {
    const { capabilities, target, subprotocol } = this.#options.context
    for (const need of one.needs ?? []) {
      if (need === 'echo' && !capabilities.echo) return 'the target does not echo'
      if (need === 'pmd' && !capabilities.pmd) return 'the target declined permessage-deflate'
      if (need === 'tls' && !target.secure) return 'only for wss targets'
      if (need === 'subprotocol' && subprotocol === null) return 'needs --subprotocol NAME'
    }
    return null
  }

  #resultOf(trial: Trial, verdict: Verdict, duration: number, note?: string): CaseResult {
    const { entry } = trial
    const observed = entry.class === 'info' ? trial.assertions.filter(({ ok }) => !ok).map(({ actual }) => actual) : []
    const last = trial.peers.at(-1)
    return {
      ...headOf(entry, this.#options.repro(entry.id)),
      verdict,
      note: joinNotes(note, ...trial.notes, ...observed),
      duration_ms: Math.round(duration * 10) / 10,
      attempts: 1,
      assertions: trial.assertions,
      close: last ? { ...last.closing } : { by: null, code: null, reason: null, tcp: null },
      wire: verdict === 'pass' && !this.#options.keepWire ? [] : trial.log.events(),
    }
  }
}

/** What a thrown value says about the case: skipped, settled by its assertions, a mismatch, or a fault of the tool. */
function onThrown(error: unknown, trial: Trial): { verdict?: Verdict; note?: string } {
  if (error instanceof Skip) return { verdict: 'skip', note: error.message }
  if (error instanceof Settled) return {}
  if (error instanceof Mismatch) {
    trial.assert(false, error.expected, error.actual)
    return {}
  }
  return { verdict: 'error', note: (error as Error).stack ?? String(error) }
}

/** The worst of the assertions; an `info` row is information unless an assertion was given a class of its own. */
export function verdictOf(trial: Pick<Trial, 'assertions' | 'entry'>): Verdict {
  const broken = trial.assertions.filter(({ ok }) => !ok)
  if (broken.some((assertion) => assertion.class === 'must')) return 'fail'
  if (broken.some((assertion) => assertion.class === 'should')) return 'warn'
  return trial.entry.class === 'info' ? 'info' : 'pass'
}

function headOf(entry: CatalogueEntry, repro: string) {
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

/** The result of a case that did not run, with the reason. */
export function skipped(entry: CatalogueEntry, reason: string, repro: string): CaseResult {
  return {
    ...headOf(entry, repro),
    verdict: 'skip',
    note: reason,
    duration_ms: 0,
    attempts: 0,
    assertions: [],
    close: { by: null, code: null, reason: null, tcp: null },
    wire: [],
  }
}

function failureOf(result: CaseResult): string {
  const broken = result.assertions.find(({ ok }) => !ok)
  return broken === undefined ? (result.note ?? result.verdict) : `expected ${broken.expected}, got ${broken.actual}`
}

function joinNotes(...notes: (string | undefined)[]): string | undefined {
  const given = notes.filter((note) => note !== undefined && note !== '')
  return given.length === 0 ? undefined : given.join('; ')
}
