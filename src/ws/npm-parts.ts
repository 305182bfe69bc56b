import type { Link } from './link.ts'
import type { SendCallback } from './sender.ts'

/** The names of the values of `readyState`. */
export const stateNames = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const

/** Makes what programs read and set of npm ws's receiver: the limits of one socket. */
export function makeReceiver(
  link: Link,
  extensions: object,
  [maxPayload, maxFragments, maxBufferedChunks]: number[],
): object {
  return {
    _extensions: extensions,
    _maxBufferedChunks: maxBufferedChunks,
    get _maxPayload() {
      return maxPayload
    },
    set _maxPayload(size: number) {
      maxPayload = size
      link.reader.maxPayload = size
    },
    get _maxFragments() {
      return maxFragments
    },
    set _maxFragments(count: number) {
      maxFragments = count
      link.reader.maxFragments = count
    },
  }
}

/** Adds the constants to the class, and makes its accessors enumerable, as they are in npm ws. */
export function defineLikeNpm(type: { prototype: object }): void {
  for (const [value, name] of stateNames.entries()) {
    Object.defineProperty(type, name, { enumerable: true, value })
    Object.defineProperty(type.prototype, name, { enumerable: true, value })
  }

  const enumerableNames = ['binaryType', 'bufferedAmount', 'extensions', 'isPaused', 'protocol', 'readyState', 'url']
  for (const name of [...enumerableNames, 'onopen', 'onerror', 'onclose', 'onmessage']) {
    Object.defineProperty(type.prototype, name, { enumerable: true })
  }
}

/** Makes what programs use of npm ws's sender. */
export function makeSender(link: Link): object {
  return {
    _socket: link.stream,
    sendFrame: (list: Buffer[], callback?: SendCallback) => link.sender.sendFrame(list, callback),
  }
}
