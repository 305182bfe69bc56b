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

  onMessage(data: unknown): void {
    this.#lastId = this.#options.lastId(data) ?? this.#lastId
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
