import type { Payload } from './broker/broker.ts'
import { ENTRY_OVERHEAD } from './broker/size.ts'
import { NumberedStore } from './numbered-store.ts'

/** Messages of a room that arrive while its history is being read. */
export class Arrivals<T> extends NumberedStore<T> {
  constructor(maxBytes: number, maxCount: number, payloadOf: (entry: T) => Payload) {
    super({
      maxBytes,
      maxCount,
      // As if a text were not ASCII, because the size is computed twice and must be cheap.
      sizeOf(entry) {
        const payload = payloadOf(entry)
        return ENTRY_OVERHEAD + (typeof payload === 'string' ? 2 * payload.length : payload.length)
      },
    })
  }
}
