import { addId, isJoined } from './last-ids.ts'
import type { ClientOptions, UrlSource } from './types.ts'

type AddressOptions = Required<Pick<ClientOptions, 'lastId' | 'resumeUrl'>>

/** Where to connect: the URL, and from which message on. */
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

  /** The latest URL without what `resumeUrl` adds to it; `''` until a function has returned the first. */
  get url(): string {
    return this.#url
  }

  /** The URL of the next attempt. A function is called each time; what it throws is a rejection. */
  next(): string | Promise<string> {
    const source = this.#source
    if (typeof source !== 'function') return this.#resumedUrl()
    return new Promise<string | URL>((resolve) => resolve(source())).then((url) => {
      this.#url = resolveUrl(url)
      return this.#resumedUrl()
    })
  }

  /** Records the first id of a room, in a message that is not for the page; returns whether it was one. */
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

/** An absolute `ws:` or `wss:` URL without fragment. Only `href` is read: the URL of React Native has little else. */
function resolveUrl(url: string | URL): string {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } }
  const { href } = new URL(url, document?.baseURI ?? location?.href)
  return href.replace(/^http/, 'ws').replace(/#.*$/, '')
}
