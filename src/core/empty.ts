/** The one empty Buffer. */
export const EMPTY = Buffer.alloc(0)
