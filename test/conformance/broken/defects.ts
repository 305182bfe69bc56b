import type { Quirk } from '../unusual/quirks.ts'
import type { clientDefects } from './client-defects.ts'
import type { http2Defects } from './http2-defects.ts'
import type { serverDefects } from './server-defects.ts'

export type ServerDefect = keyof typeof serverDefects
export type Http2Defect = keyof typeof http2Defects
export type ClientDefect = keyof typeof clientDefects

/** The active faults and allowed quirks; empty for the plain server and the plain client. */
export type Defects = ReadonlySet<ServerDefect | Http2Defect | ClientDefect | Quirk>
