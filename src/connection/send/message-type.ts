import type { ByteSource } from '../../core/bytes.ts'

/** A message that is sent as it is made: an async generator, a `ReadableStream`, a `Readable` of Node. */
export type Source = AsyncIterable<string | ByteSource>

/** Whether `value` is an async iterable. */
export function isSource(value: unknown): value is Source {
  return typeof (value as Partial<Source> | null | undefined)?.[Symbol.asyncIterator] === 'function'
}

/**
 * Releases what a source holds that is not sent, or not to its end; errors of that are ignored. The iterator of a `Readable`
 * that nobody has read would leave it open.
 */
export function discardSource(source: Source, iterator?: AsyncIterator<unknown>): void {
  const { destroy } = source as { destroy?: unknown }
  try {
    if (typeof destroy === 'function') destroy.call(source)
    else Promise.resolve((iterator ?? source[Symbol.asyncIterator]()).return?.()).catch(() => {})
  } catch {
    // The source is out of use anyway.
  }
}

/** Whether `value` is a Blob or File, of another realm too. */
export function isBlob(value: unknown): value is Blob {
  if (value instanceof Blob) return true
  const kind = Object.prototype.toString.call(value)
  return kind === '[object Blob]' || kind === '[object File]'
}

/** The error for data that cannot be sent. */
export function unsupportedType(
  data: unknown,
  allowed = 'a string, typed array, DataView, ArrayBuffer, Blob or async iterable',
): TypeError {
  const type = data === null ? 'null' : typeof data
  return new TypeError(`a message of type ${type}; allowed: ${allowed}`)
}

/** The error for data that cannot be framed at once. The bytes of a Blob are read later. */
export function unframableType(data: unknown): TypeError {
  if (isSource(data))
    return new TypeError('a stream cannot be prepared or broadcast; allowed: send one to each session')
  if (!isBlob(data)) return unsupportedType(data, 'a string, typed array, DataView or ArrayBuffer')
  return new TypeError('a message of type Blob, whose bytes must be read first; allowed: await blob.arrayBuffer()')
}
