import type { LoadOrder, LoadResult } from '../load/workload.ts'

/** A message from the benchmark to the load generator. */
export type GeneratorCommand = { type: 'prepare'; order: LoadOrder } | { type: 'run' } | { type: 'finish' }

/** A message from the load generator to the benchmark. */
export type GeneratorAnswer =
  | { type: 'prepared' }
  | { type: 'result'; result: LoadResult }
  | { type: 'finished' }
  | { type: 'failed'; message: string }
