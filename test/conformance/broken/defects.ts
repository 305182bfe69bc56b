import type { clientDefects } from './client-defects.ts'
import type { serverDefects } from './server-defects.ts'

export type ServerDefect = keyof typeof serverDefects
export type ClientDefect = keyof typeof clientDefects

/** The faults that are switched on; empty for the correct server and the correct client. */
export type Defects = ReadonlySet<ServerDefect | ClientDefect>
