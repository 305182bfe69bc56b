/** The id of a room's message with history, `{"id":"…","data":…}`; `undefined` for every other message. */
export function readEnvelopeId(data: unknown): string | undefined {
  if (typeof data !== 'string' || data[0] !== '{') return undefined
  try {
    const { id } = JSON.parse(data)
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

/** `url` with the query `last=<lastId>`. */
export function addLastId(url: string, lastId: string): string {
  const address = new URL(url)
  address.searchParams.set('last', lastId)
  return address.href
}
