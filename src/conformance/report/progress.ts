import type { CaseResult } from '../result.ts'
import { createPainter, cutText, formatDuration, printable } from './plain-text.ts'
import { countVerdicts, formatDeviations, isFailure, judgedCount } from './verdict.ts'

/** Options of the progress display. */
export interface ProgressOptions {
  /** Writes text to standard error, because standard output is for the report. */
  write: (text: string) => unknown
  /** Whether one line is updated, instead of one line per group. */
  isTerminal: boolean
  /** The columns of the terminal. */
  width: number
  color: boolean
  strict: boolean
  /** Milliseconds after which a line is written when no group ends; default 10,000. */
  heartbeat?: number
  /** Milliseconds between updates on a terminal; default 80. */
  interval?: number
  /** The clock, in milliseconds; default `performance.now`. */
  now?: () => number
}

/** Shows the progress of a run on standard error: one updated line on a terminal, otherwise one line per group. */
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

  /** Starts the display. `groups` has the group of each case that will run. */
  start(groups: readonly string[]): void {
    for (const group of groups) {
      const name = topOf(group)
      this.#expected.set(name, (this.#expected.get(name) ?? 0) + 1)
    }
    this.#total = groups.length
    this.#startedAt = this.#options.now()
    this.#beat()
  }

  /** Called when a case of this group begins. */
  running(group: string): void {
    this.#group = group
    if (this.#options.isTerminal) this.#draw()
  }

  /** Called when a case has its result. */
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

  /** Ends the display. On a terminal the line is erased, because the report follows. */
  end(): void {
    clearTimeout(this.#timer)
    this.#ended = true
    if (this.#options.isTerminal) this.#options.write('\r\x1b[K')
  }

  /** Writes one line for a failure when it happens. The report has the details. */
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

  /** Formats the line: `212/817  frag  2 failed  about 4.1 s left`. */
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

  /** Writes a line and restarts the timer of the next one. */
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
