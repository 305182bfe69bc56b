import { type CaseResult, IGNORED_RULE } from './result.ts'

/** A verdict in the terms of the Autobahn test suite: that on the behavior, and that on the closing handshake. */
export interface AutobahnVerdict {
  behavior: 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'UNIMPLEMENTED' | 'FAILED'
  behaviorClose: 'OK' | 'INFORMATIONAL' | 'UNIMPLEMENTED' | 'WRONG CODE' | 'UNCLEAN'
}

/** Returns the Autobahn ids of a case: none or one. */
export function autobahnIds({ aliases }: CaseResult): string[] {
  return aliases.flatMap((alias) => /^ab:(\d+(?:\.\d+)+)$/.exec(alias)?.[1] ?? [])
}

/** Requirements on the closing handshake and the end of TCP. */
const CLOSING_RULE = /^6455-(?:5\.5\.1-|7\.)/

/** Prefix of notes about what Autobahn calls NON-STRICT. */
const NON_STRICT_NOTE = /(?:^|; )non-strict: /

/** Autobahn judges the closing handshake separately: a failure there does not affect `behavior`. */
export function toAutobahnVerdict(result: CaseResult): AutobahnVerdict {
  const { verdict } = result
  if (verdict === 'info') return { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' }
  if (verdict === 'skip') return { behavior: 'UNIMPLEMENTED', behaviorClose: describeCloseOfSkipped(result) }
  const broken = result.assertions.filter(({ ok }) => !ok)
  const closing = broken.filter(({ requirement }) => CLOSING_RULE.test(requirement))
  const behaviorClose = closing.length === 0 ? 'OK' : describeClose(result)
  if (verdict === 'pass') return { behavior: isNonStrict(result) ? 'NON-STRICT' : 'OK', behaviorClose }
  // The target ignores a violation. No rule requires it to fail the connection, but Autobahn does.
  if (broken.some(({ requirement }) => requirement === IGNORED_RULE)) return { behavior: 'FAILED', behaviorClose }
  if (verdict === 'warn' || verdict === 'flaky') {
    const onlyClosing = closing.length > 0 && closing.length === broken.length
    return { behavior: onlyClosing && !isNonStrict(result) ? 'OK' : 'NON-STRICT', behaviorClose }
  }
  return { behavior: 'FAILED', behaviorClose: verdict === 'crash' ? 'UNCLEAN' : behaviorClose }
}

function isNonStrict({ note = '' }: CaseResult): boolean {
  return NON_STRICT_NOTE.test(note)
}

/** Without permessage-deflate, Autobahn closes the compressed cases (12.*, 13.*) immediately and without a failure. */
function describeCloseOfSkipped(result: CaseResult): AutobahnVerdict['behaviorClose'] {
  return autobahnIds(result).some((id) => /^1[23]\./.test(id)) ? 'OK' : 'UNIMPLEMENTED'
}

/** Describes how the connection ended. It was clean when both sides sent a Close and then TCP ended. */
function describeClose({ close }: CaseResult): AutobahnVerdict['behaviorClose'] {
  return close.by === null || close.tcp === null ? 'UNCLEAN' : 'WRONG CODE'
}
