/**
 * What is on the wire: frames, HTTP, HTTP/2, extensions, DEFLATE data, how bytes are split into writes, and how to wait
 * for what arrives. Independent of connections.
 */
export * from './arrivals.ts'
export * from './bytes.ts'
export * from './chop.ts'
export * from './close-code.ts'
export * from './data-set.ts'
export * from './deflate-block.ts'
export * from './extension.ts'
export * from './frame.ts'
export * from './hpack.ts'
export * from './http.ts'
export * from './http2-frame.ts'
export * from './inflate.ts'
export * from './poll.ts'
export * from './random.ts'
export * from './time-limit.ts'
export * from './upgrade-request.ts'
