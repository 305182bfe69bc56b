import { startDeadline } from '../../../connection/deadline.ts'
import type { Questions, ToPrimary } from './message.ts'

interface Question {
  onAnswer(answer: unknown): void
  onEnd(): void
}

/** The pending requests of a worker to the primary. Each ends after `timeout` milliseconds. */
export class OpenQuestions {
  readonly #timeout: number
  readonly #onTimeout: () => void
  readonly #open = new Map<number, Question>()
  #count = 0

  /** @param onTimeout Called when the primary has not responded in time. */
  constructor(timeout: number, onTimeout: () => void) {
    this.#timeout = timeout
    this.#onTimeout = onTimeout
  }

  /**
   * Sends a request. Resolves to the response, or to null when there is none.
   *
   * @param say Sends the request to the primary.
   * @param onAnswer Called synchronously with the response, in order with messages.
   */
  ask<K extends keyof Questions>(
    question: { type: K } & Questions[K]['ask'],
    say: (item: ToPrimary) => void,
    onAnswer: (answer: Questions[K]['answer']) => void = () => {},
  ): Promise<Questions[K]['answer'] | null> {
    this.#count += 1
    const number = this.#count
    return new Promise((resolve) => {
      const cancel = startDeadline(this.#timeout, () => {
        this.#open.delete(number)
        resolve(null)
        this.#onTimeout()
      })
      this.#open.set(number, {
        onAnswer: (answer) => {
          cancel()
          onAnswer(answer as Questions[K]['answer'])
          resolve(answer as Questions[K]['answer'])
        },
        onEnd: () => {
          cancel()
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

  /** Ends all requests without a response. */
  end(): void {
    for (const question of this.#open.values()) question.onEnd()
    this.#open.clear()
  }
}
