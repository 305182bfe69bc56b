import type { Trial } from './trial.ts'

/** Runs `action` for each item, at most `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await action(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work))
}

/** How `onEach` treats its items. */
export interface EachOptions<T> {
  /** How many run at the same time; default 1. */
  width?: number
  /** Returns the name of the connection of an item, for failures; default: its number. */
  name?(item: T): string
}

/** Runs `action`, which opens a connection, for each item. A failure names its connection. */
export async function onEach<T>(
  t: Trial,
  items: readonly T[],
  { width = 1, name }: EachOptions<T>,
  action: (item: T) => Promise<void>,
): Promise<void> {
  await inParallel([...items.entries()], width, ([index, item]) =>
    t.within(name?.(item) ?? `connection ${index + 1} of ${items.length}`, () => action(item)),
  )
}
