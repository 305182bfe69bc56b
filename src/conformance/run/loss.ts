/** A time at which the target stopped serving: its process died, or it served nothing until it was restarted. */
export interface Loss {
  kind: 'death' | 'hang'
  /** The target was still there at this time. */
  after: number
  /** When the loss was noticed at the latest. The exit of a process has an exact time. */
  time: number
}

/** Reports of the process of a target, by `performance.now()`. */
interface LossSources {
  /** When the process has died. */
  crashTimes?(): readonly number[]
  /** When the process had to be ended because it served nothing. */
  hangTimes?(): readonly number[]
}

/** Records the losses of a target, and when it served last. Times are of `performance.now()`. */
export class LossLog {
  readonly #sources: LossSources
  readonly #losses: Loss[] = []
  #crashes = 0
  #hangs = 0
  #lastServed = performance.now()
  #noticed = 0

  constructor(sources: LossSources) {
    this.#sources = sources
  }

  /** All losses so far. */
  get all(): readonly Loss[] {
    this.#read()
    return this.#losses
  }

  /** How many losses have been noticed by an attempt, or otherwise. */
  get noticed(): number {
    return this.#noticed
  }

  /** The last time at which the target is known to have served. */
  get lastServed(): number {
    return this.#lastServed
  }

  /** Records that the target has sent something after this time. */
  noteService(since: number): void {
    // A hang that has just ended began before this.
    this.#read()
    this.#lastServed = Math.max(this.#lastServed, since)
  }

  noteAllNoticed(): void {
    this.#noticed = this.all.length
  }

  /** Returns the last loss that followed `count` earlier ones, or null. */
  lastAfter(count: number): Loss | null {
    return this.all.slice(count).at(-1) ?? null
  }

  /** Records a loss that no process reports. */
  add(kind: Loss['kind'], time: number): Loss {
    const loss = { kind, after: Math.min(this.#lastServed, time), time }
    this.#losses.push(loss)
    return loss
  }

  #read(): void {
    const crashes = this.#sources.crashTimes?.() ?? []
    const hangs = this.#sources.hangTimes?.() ?? []
    for (const time of crashes.slice(this.#crashes)) this.#losses.push({ kind: 'death', after: time, time })
    for (const time of hangs.slice(this.#hangs)) this.add('hang', time)
    this.#crashes = crashes.length
    this.#hangs = hangs.length
  }
}
