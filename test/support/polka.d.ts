/** The part of polka that the tests use. The package has no types. */
declare module 'polka' {
  import type { RequestListener } from 'node:http'

  interface Polka {
    use(...args: never[]): unknown
    get(...args: never[]): unknown
    readonly handler: RequestListener
  }

  export default function polka(): Polka
}
