import type { RedisLink } from './client.ts'
import { runScript } from './script.ts'

/** The announcements of this process: a hash of its own, which expires unless the process renews it. */
export class RedisPresence {
  readonly #link: RedisLink
  readonly #prefix: string
  readonly #origin: string
  readonly #ttl: number
  readonly #values = new Map<string, string>()
  readonly #changed = new Set<string>()
  readonly #timer: NodeJS.Timeout
  #isWriting = false
  lastError: string | null = null

  constructor(link: RedisLink, prefix: string, origin: string, ttl: number) {
    this.#link = link
    this.#prefix = prefix
    this.#origin = origin
    this.#ttl = ttl
    this.#timer = setInterval(() => void this.#extend(), Math.max(1, ttl / 3)).unref()
  }

  announce(key: string, value: string | null): void {
    if (value === null && !this.#values.delete(key)) return
    if (value !== null) this.#values.set(key, value)
    this.#changed.add(key)
    if (this.#changed.size === 1) process.nextTick(() => void this.#write())
  }

  /** Announces everything again: Redis may have lost it. */
  renew(): void {
    for (const key of this.#values.keys()) this.#changed.add(key)
    void this.#write()
  }

  /** Reads what others announce under `key`, or all their keys without one; nothing while Redis is away. */
  async read(key?: string): Promise<string[]> {
    if (!this.#link.isReady) return []
    try {
      const args = key === undefined ? [] : [key]
      const found = await runScript(this.#link, 'presence', [this.#prefix, this.#origin, ...args])
      return (found as Buffer[]).map(String)
    } catch (error) {
      this.lastError = String(error)
      return []
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#changed.clear()
    if (!this.#link.isReady) return
    const end = this.#link.call(['DEL', `${this.#prefix}:process:${this.#origin}`])
    await end.catch(() => {})
  }

  /** Extends the life of the hash; writes it again if it has expired. */
  async #extend(): Promise<void> {
    if (!this.#link.isReady || this.#values.size === 0) return
    try {
      const args = [this.#prefix, this.#origin, String(Math.ceil(this.#ttl))]
      if ((await runScript(this.#link, 'announce', args)) !== 1) this.renew()
      else if (this.#changed.size > 0) await this.#write()
    } catch (error) {
      this.lastError = String(error)
    }
  }

  async #write(): Promise<void> {
    if (this.#isWriting || !this.#link.isReady) return
    this.#isWriting = true
    try {
      while (this.#changed.size > 0) {
        const keys = [...this.#changed].slice(0, BATCH)
        const args = [this.#prefix, this.#origin, String(Math.ceil(this.#ttl))]
        for (const key of keys) args.push(key, this.#values.get(key) ?? '')
        for (const key of keys) this.#changed.delete(key)
        await this.#writeKeys(keys, args)
      }
    } catch (error) {
      this.lastError = String(error)
    } finally {
      this.#isWriting = false
    }
  }

  async #writeKeys(keys: readonly string[], args: readonly string[]): Promise<void> {
    try {
      await runScript(this.#link, 'announce', args)
    } catch (error) {
      for (const key of keys) this.#changed.add(key)
      throw error
    }
  }
}

/** The most keys in one command. */
const BATCH = 1000
