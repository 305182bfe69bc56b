import { optionMessage } from '../../options/read-options.ts'
import { addId, isJoined } from './last-ids.ts'
import type { ClientOptions, UrlSource } from './types.ts'

/** At most 256 characters, without lone surrogates. */
const idPattern = /^[^\ud800-\udfff]{1,256}$/u

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
   * Returns the URL of the next attempt. The user's function is called each time, and its errors become rejections.
   * The result of `resumeUrl` may be of any type.
   *
   * @throws What `resumeUrl` throws, unless the URL is a function.
   */
  next(): unknown {
    const source = this.#source
    if (typeof source !== 'function') return this.#resumedUrl()
    return new Promise<string | URL>((resolve) => resolve(source())).then((url) => {
      this.#url = resolveUrl(url)
      return this.#resumedUrl()
    })
  }

  /**
   * Stores the id of a message. Returns whether the message contains nothing else. In JavaScript, `lastId` may also
   * return a number or null. An id that a peer has made up must not lead to a URL that is invalid, or longer than
   * servers accept.
   *
   * @throws {TypeError} when the result of `lastId` is an object, such as a promise.
   */
  onMessage(data: unknown): boolean {
    const result: unknown = this.#options.lastId(data) ?? ''
    if (typeof result === 'object') throw new TypeError(optionMessage('lastId()', result, 'a string'))
    const id = String(result)
    if (!idPattern.test(id)) return false
    this.#lastId = addId(this.#lastId, id)
    return isJoined(data)
  }

  #resumedUrl(): unknown {
    return this.#lastId === undefined ? this.#url : this.#options.resumeUrl(this.#url, this.#lastId)
  }
}

/**
 * Returns an absolute `ws:` or `wss:` URL without a fragment. Only `href` is read, because the `URL` of React Native
 * lacks most properties. Without the check, a browser would connect to the path `/undefined` for a function that
 * returns nothing.
 */
export function resolveUrl(url: string | URL): string {
  if (typeof url !== 'string' && typeof url?.href !== 'string') {
    throw new TypeError(optionMessage('url', url, 'a string, a URL'))
  }
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } }
  const { href } = new URL(url, document?.baseURI ?? location?.href)
  return href.replace(/^http/, 'ws').replace(/#.*$/, '')
}
