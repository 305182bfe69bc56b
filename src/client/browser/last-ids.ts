/** An id of a room with history. Its first part identifies the room. */
const idPattern = /^([\w-]{8})(?:\.[\w-]{1,32}\.\d{1,15}){1,2}$/

/** Maximum number of rooms whose ids are stored, because the ids are sent in a URL. */
const MAX_ROOMS = 64

/**
 * Adds an id to the last ids of all rooms, which are joined by `*`. An id of another form, which an application may
 * use, replaces all of them.
 */
export function addId(ids: string | undefined, id: string): string {
  const key = idPattern.exec(id)?.[1]
  if (ids === undefined || key === undefined) return id
  const others = ids.split('*').filter((other) => idPattern.exec(other)?.[1] !== key && idPattern.test(other))
  return [...others.slice(1 - MAX_ROOMS), id].join('*')
}

/** Returns whether a message contains only the first id of a room. */
export function isJoined(data: unknown): boolean {
  return typeof data === 'string' && /^\{"id":"[\w.-]+","joined":true\}$/.test(data)
}
