/** Returns the id of a message of a room with history, `{"id":"…","data":…}`; undefined for any other message. */
export function readEnvelopeId(data: unknown): string | undefined {
  if (typeof data !== 'string' || data[0] !== '{') return undefined
  try {
    const { id } = JSON.parse(data)
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

/** Adds the query parameter `last` to the text of a URL, because `searchParams` is read-only in React Native. */
export function addLastId(url: string, lastId: string): string {
  const rest = url.replace(/([?&])last=[^&]*(?:&|$)/g, '$1').replace(/[?&]$/, '')
  const value = encodeURIComponent(lastId).replace(/%20/g, '+')
  return `${rest}${rest.includes('?') ? '&' : '?'}last=${value}`
}
