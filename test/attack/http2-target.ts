import { type Target as ConformanceTarget, parseTarget } from '../../src/conformance/peer/target.ts'

/** Returns a target for `echo --http2`, which has a self-signed certificate. */
export function http2TargetOf(port: number): ConformanceTarget {
  return parseTarget(`wss://localhost:${port}/`, { http2: true, tls: { rejectUnauthorized: false } })
}
