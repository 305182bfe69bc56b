import { type AutobahnClosing, failsBehavior, judgeClosing } from './autobahn-closing.ts'
import { type CaseResult, IGNORED_RULE } from './result.ts'

/** A verdict in the terms of the Autobahn test suite: one on the behavior, and one on the closing handshake. */
export interface AutobahnVerdict {
  behavior: 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'UNIMPLEMENTED' | 'FAILED'
  behaviorClose: AutobahnClosing
}

/** Returns the Autobahn ids of a case: none or one. */
export function autobahnIds({ aliases }: CaseResult): string[] {
  return aliases.flatMap((alias) => /^ab:(\d+(?:\.\d+)+)$/.exec(alias)?.[1] ?? [])
}

/** Requirements on the closing handshake and the end of TCP. */
const CLOSING_RULE = /^6455-(?:5\.5\.1-|7\.)/

/** Prefix of notes about what Autobahn calls NON-STRICT. */
const NON_STRICT_NOTE = /(?:^|; )non-strict: /

/** Prefix of notes about a message that the target refuses because of its size. Autobahn demands an echo. */
const LIMIT_NOTE = /(?:^|; )limit: /

/** Converts a result to the verdict that Autobahn gives in the same case. */
export function toAutobahnVerdict(result: CaseResult): AutobahnVerdict {
  const [id = ''] = autobahnIds(result)
  if (result.verdict === 'info') return { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' }
  // Without permessage-deflate, Autobahn closes the compressed cases immediately and without a failure.
  if (result.verdict === 'skip') {
    return { behavior: 'UNIMPLEMENTED', behaviorClose: /^1[23]\./.test(id) ? 'OK' : 'UNIMPLEMENTED' }
  }
  if (result.opened === false) return { behavior: 'FAILED', behaviorClose: 'FAILED' }
  const behaviorClose = result.verdict === 'crash' ? 'UNCLEAN' : describeClosing(result, id)
  return { behavior: failsBehavior(behaviorClose, id) ? 'FAILED' : judgeBehavior(result), behaviorClose }
}

/**
 * Judges the closing by the rules of Autobahn. A violation of RFC 6455 §5.5.1 that it would not see counts as an
 * unclean end.
 */
function describeClosing(result: CaseResult, id: string): AutobahnClosing {
  const closing = judgeClosing(result, id)
  const isBroken = result.assertions.some(({ ok, requirement }) => !ok && requirement.startsWith('6455-5.5.1-'))
  return closing === 'OK' && isBroken ? 'UNCLEAN' : closing
}

/** Judges the behavior without the closing handshake, which Autobahn judges separately. */
function judgeBehavior(result: CaseResult): AutobahnVerdict['behavior'] {
  const { verdict, note = '' } = result
  const broken = result.assertions.filter(({ ok }) => !ok)
  const closing = broken.filter(({ requirement }) => CLOSING_RULE.test(requirement))
  const isBroken = broken.length > closing.length
  // The target ignores a violation. No rule requires it to fail the connection, but Autobahn does.
  if (broken.some(({ requirement }) => requirement === IGNORED_RULE) || LIMIT_NOTE.test(note)) return 'FAILED'
  if (verdict !== 'pass' && (isBroken || broken.length === 0)) {
    return verdict === 'warn' || verdict === 'flaky' ? 'NON-STRICT' : 'FAILED'
  }
  return NON_STRICT_NOTE.test(note) ? 'NON-STRICT' : 'OK'
}
