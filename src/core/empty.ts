/** The empty Buffer that all code shares. */
export const EMPTY = Buffer.alloc(0)
