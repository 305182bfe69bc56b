import type { LoadOrder, LoadResult } from '../load/workload.ts'

/** From the benchmark to the load generator. */
export type GeneratorCommand = { type: 'prepare'; order: LoadOrder } | { type: 'run' } | { type: 'finish' }

/** From the load generator to the benchmark. */
export type GeneratorAnswer =
  | { type: 'prepared' }
  | { type: 'result'; result: LoadResult }
  | { type: 'finished' }
  | { type: 'failed'; message: string }
