import type { Questions, ToPrimary } from './message.ts'

interface Question {
  onAnswer(answer: unknown): void
  onEnd(): void
}

/** The questions of a worker that the primary has not answered yet; each ends after `timeout` milliseconds. */
export class OpenQuestions {
  readonly #timeout: number
  readonly #onTimeout: () => void
  readonly #open = new Map<number, Question>()
  #count = 0

  /** @param onTimeout The primary has not answered in time. */
  constructor(timeout: number, onTimeout: () => void) {
    this.#timeout = timeout
    this.#onTimeout = onTimeout
  }

  /**
   * Asks a question; resolves to the answer, or to `null` without one.
   *
   * @param say Sends it to the primary.
   * @param onAnswer Is called with the answer at once, in order with the messages.
   */
  ask<K extends keyof Questions>(
    question: { type: K } & Questions[K]['ask'],
    say: (item: ToPrimary) => void,
    onAnswer: (answer: Questions[K]['answer']) => void = () => {},
  ): Promise<Questions[K]['answer'] | null> {
    this.#count += 1
    const number = this.#count
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#open.delete(number)
        resolve(null)
        this.#onTimeout()
      }, this.#timeout)
      this.#open.set(number, {
        onAnswer: (answer) => {
          clearTimeout(timer)
          onAnswer(answer as Questions[K]['answer'])
          resolve(answer as Questions[K]['answer'])
        },
        onEnd: () => {
          clearTimeout(timer)
          resolve(null)
        },
      })
      say({ number, ...question } as unknown as ToPrimary)
    })
  }

  answer(number: number, value: unknown): void {
    this.#open.get(number)?.onAnswer(value)
    this.#open.delete(number)
  }

  /** Ends all questions without an answer. */
  end(): void {
    for (const question of this.#open.values()) question.onEnd()
    this.#open.clear()
  }
}
