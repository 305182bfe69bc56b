import type { Reader } from './reader.ts'

/** The names of the states, indexed by `readyState`. */
export const stateNames = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const

/** Creates the members of npm ws's receiver that programs read and set: the limits of one socket. */
export function makeReceiver(reader: Reader, extensions: object): object {
  return {
    _extensions: extensions,
    _maxBufferedChunks: reader.maxBufferedChunks,
    get _maxPayload() {
      return finite(reader.maxMessageSize)
    },
    set _maxPayload(size: number) {
      reader.maxMessageSize = size > 0 ? size : Number.POSITIVE_INFINITY
    },
    get _maxFragments() {
      return finite(reader.maxFrames)
    },
    set _maxFragments(count: number) {
      reader.maxFrames = count > 0 ? count : Number.POSITIVE_INFINITY
    },
  }
}

/** Returns 0, as npm ws does, when there is no limit. */
function finite(limit: number): number {
  return Number.isFinite(limit) ? limit : 0
}

/** Adds the constants of the states to a class and makes its accessors enumerable, as npm ws does. */
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
