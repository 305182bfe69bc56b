import type { RedisConnection } from './connection.ts'
import { decodeName, encodeName, type RedisNames } from './names.ts'
import { runScript } from './script.ts'

/** Maximum number of keys in one command. */
const BATCH = 1000

/** The announcements of this process, in a hash that expires unless the process renews it. */
export class RedisPresence {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #origin: string
  readonly #ttl: number
  readonly #onError: (error: unknown) => void
  readonly #values = new Map<string, string>()
  readonly #changed = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #isWriting = false
  #isFailing = false

  /** @param ttl Time in milliseconds after which the hash expires. */
  constructor(
    connection: RedisConnection,
    { prefix }: RedisNames,
    { origin, ttl, onError }: { origin: string; ttl: number; onError: (error: unknown) => void },
  ) {
    this.#connection = connection
    this.#prefix = prefix
    this.#origin = origin
    this.#ttl = ttl
    this.#onError = onError
    this.#timer = setInterval(() => void this.#extend(), Math.max(1, ttl / 3)).unref()
  }

  /** Whether the last attempt to write has failed. The next one follows within a third of the time to live. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  announce(key: string, value: string | null): void {
    const name = encodeName(key)
    if (value === null && !this.#values.delete(name)) return
    if (value !== null) this.#values.set(name, value)
    this.#changed.add(name)
    if (this.#changed.size === 1) process.nextTick(() => void this.#write())
  }

  /** Announces everything again, because Redis may have lost it. */
  renew(): void {
    for (const name of this.#values.keys()) this.#changed.add(name)
    void this.#write()
  }

  /**
   * Reads what others announce under `key`, or all their keys without `key`. Returns nothing while Redis is
   * unavailable.
   */
  async read(key?: string): Promise<string[]> {
    if (!this.#connection.isReady) return []
    try {
      const args = key === undefined ? [] : [encodeName(key)]
      const found = await runScript(this.#connection, 'presence', [this.#prefix, this.#origin, ...args])
      const texts = (found as Buffer[]).map(String)
      return key === undefined ? texts.map(decodeName) : texts
    } catch (error) {
      this.#onError(error)
      return []
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#changed.clear()
    await runScript(this.#connection, 'withdraw', [this.#prefix, this.#origin]).catch(() => {})
  }

  /** Renews the hash, and writes it again if it has expired. */
  async #extend(): Promise<void> {
    if (!this.#connection.isReady || this.#values.size === 0) return
    await this.#try(async () => {
      if ((await this.#run([])) !== 1) this.renew()
      else if (this.#changed.size > 0) await this.#write()
    })
  }

  async #write(): Promise<void> {
    if (this.#isWriting || !this.#connection.isReady) return
    this.#isWriting = true
    await this.#try(async () => {
      while (this.#changed.size > 0) await this.#writeKeys([...this.#changed].slice(0, BATCH))
    })
    this.#isWriting = false
  }

  async #writeKeys(names: readonly string[]): Promise<void> {
    // Removed before the await, so that a name that changes during it is written again.
    for (const name of names) this.#changed.delete(name)
    try {
      await this.#run(names.flatMap((name) => [name, this.#values.get(name) ?? '']))
    } catch (error) {
      for (const name of names) this.#changed.add(name)
      throw error
    }
  }

  #run(pairs: readonly string[]) {
    return runScript(this.#connection, 'announce', [this.#prefix, this.#origin, String(Math.ceil(this.#ttl)), ...pairs])
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action()
      this.#isFailing = false
    } catch (error) {
      this.#isFailing = true
      this.#onError(error)
    }
  }
}
