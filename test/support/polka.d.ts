/** What the tests use of polka, which comes without types. */
declare module 'polka' {
  import type { RequestListener } from 'node:http'

  interface Polka {
    use(...args: never[]): unknown
    get(...args: never[]): unknown
    readonly handler: RequestListener
  }

  export default function polka(): Polka
}
