import type { ByteSource } from '../../core/bytes.ts'

/**
 * A message that is sent as it is produced: an async generator, a `ReadableStream`, or a `Readable` of Node. Its parts
 * are either strings or bytes.
 */
export type Source = AsyncIterable<string | ByteSource>

/** Returns whether `value` is an async iterable. */
export function isSource(value: unknown): value is Source {
  return typeof (value as Partial<Source> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

/**
 * Returns an iterator over the parts of a source. The `return` method of a ReadableStream's own iterator would wait for
 * the part that was requested last, which may never come, so a reader is used instead.
 */
export function iterateSource(source: Source): AsyncIterator<unknown> {
  const stream = source as unknown as ReadableStream<unknown>
  if (typeof stream.getReader !== 'function') return source[Symbol.asyncIterator]()
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: async () => {
      await reader.cancel()
      return { value: undefined, done: true }
    },
  }
}

/**
 * Ignores the `'error'` events of a source that is not iterated. Without a listener, a file that cannot be opened ends
 * the process. A Readable that is iterated later rejects with its error all the same.
 */
export function ignoreErrorEvents(source: Source): void {
  const { on } = source as { on?: unknown }
  if (typeof on === 'function') on.call(source, 'error', noop)
}

function noop(): void {}

/**
 * Releases the resources of a source that is not sent completely, and ignores errors. A `Readable` that was never read
 * must be destroyed, because ending its iterator would not close it.
 */
export function discardSource(source: Source, iterator?: AsyncIterator<unknown>): void {
  try {
    ignoreErrorEvents(source)
    const { destroy } = source as { destroy?: unknown }
    if (typeof destroy === 'function') destroy.call(source)
    else Promise.resolve((iterator ?? iterateSource(source)).return?.()).catch(noop)
  } catch {
    // The source is not used anymore.
  }
}

/** Returns whether `value` is a Blob or File, from any realm. */
export function isBlob(value: unknown): value is Blob {
  if (value instanceof Blob) return true
  const kind = Object.prototype.toString.call(value)
  return kind === '[object Blob]' || kind === '[object File]'
}

/** Returns the error for data of a type that cannot be sent. */
export function unsupportedType(
  data: unknown,
  allowed = 'a string, typed array, DataView, ArrayBuffer, Blob or async iterable',
): TypeError {
  const type = data === null ? 'null' : typeof data
  return new TypeError(`message is of type ${type}; allowed: ${allowed}`)
}

/** Returns the error for data that cannot be framed at once. For example, a Blob must be read first. */
export function unframableType(data: unknown): TypeError {
  if (isSource(data))
    return new TypeError('a stream cannot be prepared or broadcast; allowed: send one to each session')
  if (!isBlob(data)) return unsupportedType(data, 'a string, typed array, DataView or ArrayBuffer')
  return new TypeError('message is of type Blob, which must be read first; allowed: await blob.arrayBuffer()')
}
