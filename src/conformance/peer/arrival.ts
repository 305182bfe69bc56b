/** Lets one waiter at a time wait until something arrives. */
export class Arrival {
  #wake: (() => void) | null = null

  /** Ends the wait, if there is one. */
  notify(): void {
    this.#wake?.()
  }

  /** Resolves to true when something arrives, and to false at the deadline, in milliseconds of `performance.now()`. */
  wait(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (arrived: boolean): void => {
        clearTimeout(timer)
        this.#wake = null
        resolve(arrived)
      }
      const timer = setTimeout(() => settle(false), Math.max(0, deadline - performance.now()))
      this.#wake = () => settle(true)
    })
  }
}
