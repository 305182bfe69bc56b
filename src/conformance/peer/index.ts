/** One connection to the target: sends anything, receives events, records the traffic. */
export * from './frame-watch.ts'
export * from './inbound.ts'
export * from './ledger.ts'
export * from './legal-close.ts'
export * from './peer.ts'
export * from './target.ts'
export * from './transport.ts'
export * from './wire-log.ts'
