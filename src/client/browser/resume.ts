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

/** `url` with the query `last=<lastId>`. As text: the `searchParams` of React Native are read-only. */
export function addLastId(url: string, lastId: string): string {
  const rest = url.replace(/([?&])last=[^&]*(?:&|$)/g, '$1').replace(/[?&]$/, '')
  const value = encodeURIComponent(lastId).replace(/%20/g, '+')
  return `${rest}${rest.includes('?') ? '&' : '?'}last=${value}`
}
