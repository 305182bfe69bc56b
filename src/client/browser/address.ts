import type { ClientOptions } from './types.ts'

type AddressOptions = Required<Pick<ClientOptions, 'lastId' | 'resumeUrl'>>

/** Where to connect: the URL, and from which message on. */
export class Address {
  readonly url: string
  readonly #options: AddressOptions
  #lastId: string | undefined

  constructor(url: string | URL, options: AddressOptions) {
    this.url = resolveUrl(url)
    this.#options = options
  }

  /** The URL of the next attempt. */
  next(): string {
    return this.#lastId === undefined ? this.url : this.#options.resumeUrl(this.url, this.#lastId)
  }

  onMessage(data: unknown): void {
    this.#lastId = this.#options.lastId(data) ?? this.#lastId
  }
}

function resolveUrl(url: string | URL): string {
  const { location } = globalThis as { location?: { href: string } }
  const address = new URL(url, location?.href)
  address.protocol = address.protocol.replace('http', 'ws')
  address.hash = ''
  return address.href
}
