import type { CaseResult } from '../../src/conformance/result.ts'
import { CHECKS, type Check, type Pattern } from './checks.ts'
import { DISMISSALS, type Dismissal } from './dismissals.ts'

/** The judgment of a person on a failed row. */
export type Judgment = { kind: 'upheld'; check: Check } | { kind: 'dismissed'; dismissal: Dismissal } | { kind: 'open' }

export function isAccused({ verdict }: CaseResult): boolean {
  return verdict === 'fail' || verdict === 'crash'
}

/** Whether the process ended because of the case. When no case repeated a death alone, its cause is unknown. */
export function isDeath({ verdict, note }: CaseResult): boolean {
  return verdict === 'crash' && !note?.includes('the cause is unknown')
}

/** Returns the judgment on a failure. If both apply, the failure is dismissed. A crash of a process is always open. */
export function judge(label: string, result: CaseResult): Judgment {
  if (result.verdict === 'crash') return { kind: 'open' }
  const dismissal = DISMISSALS.find((pattern) => covers(pattern, label, result))
  if (dismissal !== undefined) return { kind: 'dismissed', dismissal }
  const check = CHECKS.find((pattern) => covers(pattern, label, result))
  return check === undefined ? { kind: 'open' } : { kind: 'upheld', check }
}

function covers({ rows, expected, actual, labels }: Pattern, label: string, { id, assertions }: CaseResult): boolean {
  const failed = assertions.find(({ ok, class: kind }) => !ok && kind === 'must')
  return (
    rows.some((row) => isLike(row, id) || isLike(row, id.replace(/^client\./, ''))) &&
    (labels?.test(label) ?? true) &&
    (expected?.test(failed?.expected ?? '') ?? true) &&
    (actual?.test(failed?.actual ?? '') ?? true)
  )
}

/** The expressions of the patterns of `rows`. */
const expressions = new Map<string, RegExp>()

/** Whether a pattern of `rows` covers that row. */
export function isLike(pattern: string, id: string): boolean {
  let expression = expressions.get(pattern)
  if (expression === undefined) {
    expression = toExpression(pattern)
    expressions.set(pattern, expression)
  }
  return expression.test(id)
}

function toExpression(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
