import type { CaseResult } from './result.ts'

/**
 * The verdict of the Autobahn test suite on the closing handshake. `UNIMPLEMENTED` is not one of Autobahn's: the case
 * did not run.
 */
export type AutobahnClosing = 'OK' | 'FAILED' | 'WRONG CODE' | 'UNCLEAN' | 'INFORMATIONAL' | 'UNIMPLEMENTED'

/** What Autobahn expects of the closing handshake in a case. */
interface ClosingExpectation {
  /** Who must close first: the tester, or the target, because it must fail the connection. */
  first: 'tester' | 'target'
  /** The Close of the target must have one of these codes, or no code. */
  codes: readonly number[]
  /** Whether both sides must send a Close before the end of TCP. */
  clean?: true
}

/** The codes that the cases 7.7.1 to 7.7.13 send, in their order. */
const ECHOED_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]

/** The expectations by the id of Autobahn. The first match counts; all other cases close with 1000. */
const EXPECTATIONS: readonly [RegExp, ClosingExpectation][] = [
  [/^(?:2\.5|[34]\..*|5\.(?:[129]|1[0-8]))$/, { first: 'target', codes: [1002] }],
  [/^6\.(?:[348]|1[02-9]|2[01])\.|^6\.(?:6\.(?:[13468]|10)|11\.5)$/, { first: 'target', codes: [1007] }],
  [/^7\.(?:3\.[26]|9\.\d+)$/, { first: 'tester', codes: [1002] }],
  [/^7\.5\.1$/, { first: 'tester', codes: [1002, 1007] }],
]

function expectationOf(id: string): ClosingExpectation {
  const match = EXPECTATIONS.find(([pattern]) => pattern.test(id))
  if (match !== undefined) return match[1]
  const number = /^7\.7\.(\d+)$/.exec(id)?.[1]
  const codes = number === undefined ? [1000] : [1000, ECHOED_CODES[Number(number) - 1]]
  return { first: 'tester', codes, clean: true }
}

/**
 * Judges how a case ended by the rules of Autobahn, which differ from those of the RFC. Autobahn never demands a Close
 * from a target that fails the connection. It closes the connection itself when the target accepts a violation.
 */
export function judgeClosing(result: CaseResult, id: string): AutobahnClosing {
  const { by, code, reason, tcp } = result.close
  const { first, codes, clean } = expectationOf(id)
  const target = result.id.startsWith('client.') ? 'client' : 'server'
  const sentClose = code !== null || reason !== null
  // The Close of case 3.7 is the violation. Autobahn does not count it as the beginning of the closing handshake.
  const closedFirst = by === target || (id === '3.7' && (sentClose || tcp !== null))
  if (closedFirst !== (first === 'target')) return 'FAILED'
  // After a failed check the tester ends TCP, but Autobahn closes the connection: only what was seen is judged.
  if (clean && by !== null && (!sentClose || tcp === null)) return 'UNCLEAN'
  return code !== null && !codes.includes(code) ? 'WRONG CODE' : 'OK'
}

/**
 * Returns whether a wrong closing handshake also fails the behavior: in the cases about invalid UTF-8 (6.*) and about
 * closing (7.*).
 */
export function failsBehavior(closing: AutobahnClosing, id: string): boolean {
  return (closing === 'FAILED' && id.startsWith('6.')) || (closing === 'WRONG CODE' && id.startsWith('7.'))
}
