import type { CaseResult, RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'
import { collectFindings } from './finding.ts'
import { formatFinding } from './text-finding.ts'
import { type CaseGroup, groupCases, isFailure } from './verdict.ts'

/** Formats JUnit XML: one `testsuite` per group, one `testcase` per case. */
export function formatJunit(results: RunResult[], context: ReportContext): string {
  const several = results.length > 1
  const suites = results.flatMap((result) =>
    groupCases(result.cases).map((group) => formatSuite(group, result, several, context)),
  )
  const all = results.flatMap(({ cases }) => cases)
  const seconds = results.reduce((sum, { duration_ms }) => sum + duration_ms, 0) / 1000
  const name = attribute('name', 'dwebsocket conform')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${name} ${totals(all, context)} time="${seconds.toFixed(3)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function formatSuite({ name, cases }: CaseGroup, run: RunResult, several: boolean, context: ReportContext): string {
  const suite = several ? `${run.target.label} ${name}` : name
  const seconds = cases.reduce((sum, { duration_ms }) => sum + duration_ms, 0) / 1000
  const started = attribute('timestamp', run.started.replace(/(\.\d+)?Z$/, ''))
  return [
    `  <testsuite ${attribute('name', suite)} ${totals(cases, context)} time="${seconds.toFixed(3)}" ${started}>`,
    '    <properties>',
    property('target', run.target.url),
    property('label', run.target.label),
    property('seed', String(run.options.seed)),
    '    </properties>',
    ...cases.map((each) => formatTestCase(each, run, several, context)),
    '  </testsuite>',
  ].join('\n')
}

function formatTestCase(result: CaseResult, run: RunResult, several: boolean, context: ReportContext): string {
  const label = several ? `${run.target.label.replaceAll('.', '_')}.` : ''
  const className = attribute('classname', `dwebsocket conform.${label}${run.target.side}.${result.group}`)
  const name = attribute('name', `${result.id} ${result.title}`)
  const head = `    <testcase ${className} ${name} time="${(result.duration_ms / 1000).toFixed(3)}"`
  const outcome = formatOutcome(result, context)
  return outcome === '' ? `${head}/>` : `${head}>\n      ${outcome}\n    </testcase>`
}

function formatOutcome(result: CaseResult, context: ReportContext): string {
  const { verdict } = result
  if (verdict === 'pass') return ''
  if (verdict === 'skip') return `<skipped ${attribute('message', result.note ?? 'no reason given')}/>`
  const [finding] = collectFindings([result], [verdict], context)
  const text = escapeXml(formatFinding(finding, { ...context, color: false, width: 100 }))
  const message = attribute('message', `expected ${finding.expected}, received ${finding.received}`)
  if (verdict === 'error') return `<error type="error" ${message}>${text}</error>`
  if (!isFailure(result, context.strict)) return `<system-out>${text}</system-out>`
  const type = verdict === 'warn' ? 'should' : verdict === 'crash' ? 'crash' : 'must'
  return `<failure type="${type}" ${message}>${text}</failure>`
}

function totals(cases: readonly CaseResult[], { strict }: ReportContext): string {
  const count = (is: (each: CaseResult) => boolean): number => cases.filter(is).length
  const failures = count((each) => isFailure(each, strict))
  const errors = count(({ verdict }) => verdict === 'error')
  const skipped = count(({ verdict }) => verdict === 'skip')
  return `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`
}

function property(name: string, value: string): string {
  return `      <property ${attribute('name', name)} ${attribute('value', value)}/>`
}

function attribute(name: string, value: string): string {
  return `${name}="${escapeXml(value).replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)}"`
}

/** Escapes markup. Replaces characters that XML 1.0 does not allow with U+FFFD. */
function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
