import { addId, isJoined } from './last-ids.ts'
import type { ClientOptions, UrlSource } from './types.ts'

type AddressOptions = Required<Pick<ClientOptions, 'lastId' | 'resumeUrl'>>

/** The URL to connect to, and the last message ids from which to resume. */
export class Address {
  readonly #source: UrlSource
  readonly #options: AddressOptions
  #url = ''
  #lastId: string | undefined

  /** @throws {TypeError} when the URL is invalid. */
  constructor(source: UrlSource, options: AddressOptions) {
    this.#source = source
    this.#options = options
    if (typeof source !== 'function') this.#url = resolveUrl(source)
  }

  /** The latest URL, without what `resumeUrl` adds; `''` until a function has returned the first one. */
  get url(): string {
    return this.#url
  }

  /**
   * Returns the URL of the next attempt. A function of the user is called each time, and its errors become rejections.
   */
  next(): string | Promise<string> {
    const source = this.#source
    if (typeof source !== 'function') return this.#resumedUrl()
    return new Promise<string | URL>((resolve) => resolve(source())).then((url) => {
      this.#url = resolveUrl(url)
      return this.#resumedUrl()
    })
  }

  /** Stores the first id of a room, which is sent in a message of its own. Returns whether `data` is such a message. */
  onJoined(data: unknown): boolean {
    if (!isJoined(data) || this.#options.lastId(data) === undefined) return false
    this.onMessage(data)
    return true
  }

  onMessage(data: unknown): void {
    const id = this.#options.lastId(data)
    if (id !== undefined) this.#lastId = addId(this.#lastId, id)
  }

  #resumedUrl(): string {
    return this.#lastId === undefined ? this.#url : this.#options.resumeUrl(this.#url, this.#lastId)
  }
}

/**
 * Returns an absolute `ws:` or `wss:` URL without fragment. It reads only `href`, because URLs of React Native lack
 * most properties.
 */
function resolveUrl(url: string | URL): string {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } }
  const { href } = new URL(url, document?.baseURI ?? location?.href)
  return href.replace(/^http/, 'ws').replace(/#.*$/, '')
}
