import type { CaseResult, RunResult } from '../result.ts'

interface AutobahnRow {
  behavior: string
  behaviorClose: string
  duration: number
  remoteCloseCode: number | null
  reportfile: string
}

/** Formats `index.json` of Autobahn: the verdicts by agent and case, for the cases that Autobahn has. */
export function formatAutobahn(results: RunResult[]): string {
  const index: Record<string, Record<string, AutobahnRow>> = {}
  for (const { target, cases } of results) {
    index[target.label] ??= {}
    const rows = index[target.label]
    for (const result of cases) {
      for (const id of autobahnIds(result)) rows[id] = describeCase(result, target.label, id)
    }
  }
  return `${JSON.stringify(index, null, 3)}\n`
}

function autobahnIds({ aliases }: CaseResult): string[] {
  return aliases.flatMap((alias) => /^ab:(\d+(?:\.\d+)+)$/.exec(alias)?.[1] ?? [])
}

function describeCase(result: CaseResult, agent: string, id: string): AutobahnRow {
  return {
    ...describeBehavior(result),
    duration: Math.round(result.duration_ms),
    remoteCloseCode: result.close.code,
    reportfile: `${agent}_case_${id}`
      .replace(/[^A-Za-z0-9]+/g, '_')
      .toLowerCase()
      .concat('.json'),
  }
}

/** Requirements on the closing handshake and the end of TCP. */
const CLOSING_RULE = /^6455-(?:5\.5\.1-|7\.)/

/** Prefix of notes about what Autobahn calls NON-STRICT. */
const NON_STRICT_NOTE = /(?:^|; )non-strict: /

/** Autobahn judges the closing handshake separately: a failure there does not affect `behavior`. */
function describeBehavior(result: CaseResult): Pick<AutobahnRow, 'behavior' | 'behaviorClose'> {
  const { verdict } = result
  if (verdict === 'info') return { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' }
  if (verdict === 'skip') return { behavior: 'UNIMPLEMENTED', behaviorClose: describeCloseOfSkipped(result) }
  const broken = result.assertions.filter(({ ok }) => !ok)
  const closing = broken.filter(({ requirement }) => CLOSING_RULE.test(requirement))
  const behaviorClose = closing.length === 0 ? 'OK' : describeClose(result)
  if (verdict === 'pass') return { behavior: isNonStrict(result) ? 'NON-STRICT' : 'OK', behaviorClose }
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
function describeCloseOfSkipped(result: CaseResult): string {
  return autobahnIds(result).some((id) => /^1[23]\./.test(id)) ? 'OK' : 'UNIMPLEMENTED'
}

/**
 * Describes how the connection ended. The closing handshake is clean when both sides sent a Close and then TCP ended.
 */
function describeClose({ close }: CaseResult): string {
  return close.by === null || close.tcp === null ? 'UNCLEAN' : 'WRONG CODE'
}
