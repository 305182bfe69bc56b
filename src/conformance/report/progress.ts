import type { CaseResult } from '../result.ts'
import { createPainter, cutText, formatDuration, printable } from './plain-text.ts'
import { countVerdicts, formatDeviations, isFailure, judgedCount } from './verdict.ts'

/** Where and how progress is shown. */
export interface ProgressOptions {
  /** Where to write: standard error, so that standard output stays the report. */
  write: (text: string) => unknown
  /** One updating line instead of one line per group. */
  isTerminal: boolean
  /** Columns. */
  width: number
  color: boolean
  strict: boolean
  /** Milliseconds between two signs of life when no group ends; default 10,000. */
  heartbeat?: number
  /** Milliseconds between two updates on a terminal; default 80. */
  interval?: number
  /** The clock, in milliseconds; default `performance.now`. */
  now?: () => number
}

/** Says on standard error how far a run is: a line that changes on a terminal, a line per group elsewhere. */
export class Progress {
  readonly #options: Required<ProgressOptions>
  readonly #expected = new Map<string, number>()
  readonly #finished = new Map<string, CaseResult[]>()
  #total = 0
  #done = 0
  #failed = 0
  #group = ''
  #startedAt = 0
  #ended = false
  #drawnAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(options: ProgressOptions) {
    this.#options = { heartbeat: 10_000, interval: 80, now: () => performance.now(), ...options }
  }

  /** Begins; `groups` is the group of every case that will run. */
  start(groups: readonly string[]): void {
    for (const group of groups) {
      const name = topOf(group)
      this.#expected.set(name, (this.#expected.get(name) ?? 0) + 1)
    }
    this.#total = groups.length
    this.#startedAt = this.#options.now()
    this.#beat()
  }

  /** A case of this group has begun. */
  running(group: string): void {
    this.#group = group
    if (this.#options.isTerminal) this.#draw()
  }

  /** A case has its result. */
  finished(result: CaseResult): void {
    this.#done++
    if (isFailure(result, this.#options.strict)) this.#writeFailure(result)
    const name = topOf(result.group)
    const results = this.#finished.get(name) ?? []
    results.push(result)
    this.#finished.set(name, results)
    if (this.#options.isTerminal) this.#draw()
    else if (results.length === this.#expected.get(name)) this.#writeGroup(name, results)
  }

  /** Ends; on a terminal the line is wiped, the report follows in its place. */
  end(): void {
    clearTimeout(this.#timer)
    this.#ended = true
    if (this.#options.isTerminal) this.#options.write('\r\x1b[K')
  }

  /** A failure is said when it happens, in one line; the report has it in full. */
  #writeFailure({ id, title, verdict }: CaseResult): void {
    this.#failed++
    const { isTerminal, color, width } = this.#options
    const line = cutText(`${verdict.toUpperCase().padEnd(5)} ${id}  ${printable(title)}`, width - 1)
    this.#options.write(`${isTerminal ? '\r\x1b[K' : ''}${createPainter(color)(line, 'red')}\n`)
    this.#drawnAt = Number.NEGATIVE_INFINITY
  }

  #draw(): void {
    const now = this.#options.now()
    if (now - this.#drawnAt < this.#options.interval && this.#done < this.#total) return
    this.#drawnAt = now
    const paint = createPainter(this.#options.color)
    const line = cutText(this.#describe(), this.#options.width - 1)
    this.#options.write(`\r${this.#failed > 0 ? paint(line, 'red') : line}\x1b[K`)
  }

  /** `212/817  frag  2 failed  about 4.1 s left`. */
  #describe(): string {
    const elapsed = this.#options.now() - this.#startedAt
    const parts = [`${this.#done}/${this.#total}`, this.#group, `${this.#failed} failed`]
    if (this.#done > 0 && this.#done < this.#total) {
      parts.push(`about ${formatDuration((elapsed / this.#done) * (this.#total - this.#done))} left`)
    }
    return parts.filter(Boolean).join('  ')
  }

  #writeGroup(name: string, results: CaseResult[]): void {
    const counts = countVerdicts(results)
    const score = judgedCount(counts) === 0 ? '-' : `${counts.pass}/${judgedCount(counts)}`
    this.#options.write(`${name.padEnd(7)} ${score.padStart(9)}  ${formatDeviations(counts)}`.trimEnd().concat('\n'))
    this.#beat()
  }

  /** Each line puts the next sign of life off. */
  #beat(): void {
    if (this.#options.isTerminal || this.#ended) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#options.write(`... ${this.#describe()}\n`)
      this.#beat()
    }, this.#options.heartbeat).unref()
  }
}

function topOf(group: string): string {
  return group.split('.')[0]
}
