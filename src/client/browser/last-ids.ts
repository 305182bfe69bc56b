/** An id of a room with history; its first part distinguishes the rooms. */
const idPattern = /^([\w-]{8})\.[\w-]{1,32}\.\d{1,15}(?:\.[\w-]{1,32}\.\d{1,15})?$/

/** The most rooms that are remembered: the ids travel in a URL. */
const MAX_ROOMS = 64

/**
 * The last id of each room, joined by `*`, after one more. An id of another form, of an application's own, replaces the
 * others.
 */
export function addId(ids: string | undefined, id: string): string {
  const key = idPattern.exec(id)?.[1]
  if (ids === undefined || key === undefined) return id
  const others = ids.split('*').filter((other) => idPattern.exec(other)?.[1] !== key && idPattern.test(other))
  return [...others.slice(1 - MAX_ROOMS), id].join('*')
}

/** Whether a message only carries the first id of a room. */
export function isJoined(data: unknown): boolean {
  return typeof data === 'string' && /^\{"id":"[\w.-]+","joined":true\}$/.test(data)
}
