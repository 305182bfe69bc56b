import type { AsyncResource } from 'node:async_hooks'
import { isFastEnabled } from './enabled.ts'

/**
 * Returns false only when no AsyncLocalStorage has a store in the context of `resource`. Node keeps each store under a
 * symbol of the resource, or all of them in one map under `context_frame`. The values of two other symbols are the ids
 * of the resource. Without `src/fast`, the result is always true.
 */
export function mayHaveStores(resource: AsyncResource): boolean {
  if (!isFastEnabled) return true
  const fields = resource as unknown as Record<symbol, unknown>
  return Object.getOwnPropertySymbols(resource).some((symbol) => {
    const value = fields[symbol]
    if (value === undefined || ID_SYMBOLS.includes(symbol.description)) return false
    if (symbol.description !== 'context_frame') return true
    return [...(value as Iterable<[unknown, unknown]>)].some(([, store]) => store !== undefined)
  })
}

const ID_SYMBOLS: unknown[] = ['async_id_symbol', 'trigger_async_id_symbol']
