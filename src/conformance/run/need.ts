import type { Case, RunContext } from '../script/index.ts'

/** Returns why the target of the run cannot be tested by this case, or null when it can. */
export function missingNeed(testCase: Case, { capabilities, target, subprotocol }: RunContext): string | null {
  if (target.http2 && isAboutHttp1(testCase)) return 'is about the handshake of HTTP/1.1'
  for (const need of testCase.needs ?? []) {
    if (need === 'echo' && !capabilities.echo) return 'the target does not echo'
    if (need === 'pmd' && !capabilities.pmd) return 'the target declined permessage-deflate'
    if (need === 'http2' && !target.http2) return 'needs --http2'
    if (need === 'tls' && !target.secure) return 'only for wss targets'
    if (need === 'subprotocol' && subprotocol === null) return 'needs --subprotocol NAME'
  }
  return null
}

/**
 * Returns whether a case is only about HTTP/1.1. Version, subprotocols and extensions are the same fields over HTTP/2
 * (RFC 8441 §5).
 */
function isAboutHttp1({ id }: Case): boolean {
  return id === 'hs.ver.status-426' || (id.startsWith('hs.') && !/^hs\.(?:ver|proto|ext)\./.test(id))
}
