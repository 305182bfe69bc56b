/** The members of a room. */
export interface Presence {
  /** Sessions. */
  count: number
  /** The names they joined with, each once, in order. */
  names: string[]
}

/** Combines the members of this process with what other processes announce. */
export function collectPresence(here: Presence | undefined, elsewhere: readonly string[]): Presence {
  const parts = elsewhere.map((text) => JSON.parse(text) as Presence)
  if (here !== undefined) parts.push(here)
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    names: [...new Set(parts.flatMap(({ names }) => names))].sort(),
  }
}
