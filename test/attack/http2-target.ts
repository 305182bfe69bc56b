import { type Target as ConformanceTarget, parseTarget } from '../../src/conformance/peer/target.ts'

/** Reaches `echo --http2`, whose certificate is its own. */
export function http2TargetOf(port: number): ConformanceTarget {
  return parseTarget(`wss://localhost:${port}/`, { http2: true, tls: { rejectUnauthorized: false } })
}
