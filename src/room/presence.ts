/** The members of a room. */
export interface Presence {
  /** Number of sessions. */
  count: number
  /** The distinct names under which the sessions joined, sorted. */
  names: string[]
}

/** Combines the members in this process with the members that other processes announce. */
export function collectPresence(here: Presence | undefined, elsewhere: readonly string[]): Presence {
  const parts = elsewhere.map((text) => JSON.parse(text) as Presence)
  if (here !== undefined) parts.push(here)
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    names: [...new Set(parts.flatMap(({ names }) => names))].sort(),
  }
}
