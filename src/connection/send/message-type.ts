import type { ByteSource } from '../../core/bytes.ts'

/** A message that is sent while it is produced: an async generator, a `ReadableStream`, or a `Readable` of Node. */
export type Source = AsyncIterable<string | ByteSource>

/** Returns whether `value` is an async iterable. */
export function isSource(value: unknown): value is Source {
  return typeof (value as Partial<Source> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

/**
 * Releases the resources of a source that is not sent completely, and ignores errors. A `Readable` that was never read
 * must be destroyed, because ending its iterator would not close it.
 */
export function discardSource(source: Source, iterator?: AsyncIterator<unknown>): void {
  const { destroy } = source as { destroy?: unknown }
  try {
    if (typeof destroy === 'function') destroy.call(source)
    else Promise.resolve((iterator ?? source[Symbol.asyncIterator]()).return?.()).catch(() => {})
  } catch {
    // The source is not used any more.
  }
}

/** Returns whether `value` is a Blob or File, of any realm. */
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
