import type { CaseResult, RunResult } from '../../src/conformance/result.ts'
import { CHECKS, type Check } from './checks.ts'
import type { Recipe } from './recipes.ts'

/** One way of starting a server, and what `core` found. */
export interface Column {
  recipe: Recipe
  label: string
  version: string
  date: string
  result: RunResult
}

export const GROUPS: Record<string, string> = {
  hs: 'handshake',
  len: 'length',
  mask: 'mask',
  rsv: 'RSV',
  op: 'opcode',
  ctl: 'control',
  ping: 'ping',
  frag: 'fragments',
  utf8: 'UTF-8',
  close: 'close',
  pmd: 'deflate',
  inv: 'output',
}

export function isAccused({ verdict }: CaseResult): boolean {
  return verdict === 'fail' || verdict === 'crash'
}

/** The check that covers a failure; the death of a process is its own evidence and stays unreviewed. */
export function checkOf({ id, verdict, assertions }: CaseResult): Check | undefined {
  if (verdict === 'crash') return undefined
  const failed = assertions.find(({ ok }) => !ok)
  // Silence may be a matter of a busy machine or a cautious server.
  if (/nothing within|no (answer|response) in time|no connection within/.test(failed?.actual ?? '')) return undefined
  return CHECKS.find(
    ({ rows, expected = '', actual = '', unless }) =>
      rows.some((pattern) => covers(pattern, id)) &&
      (failed?.expected ?? '').startsWith(expected) &&
      (failed?.actual ?? '').startsWith(actual) &&
      (unless === undefined || !failed?.actual.startsWith(unless)),
  )
}

function covers(pattern: string, id: string): boolean {
  const [first, ...rest] = pattern.split('*')
  return rest.length === 0 ? id === first : id.startsWith(first) && rest.every((part) => id.includes(part))
}

/** Names the evidence of a cell. */
export function anchorOf(label: string, group: string): string {
  return `${label}-${group}`.replaceAll(/\W+/g, '-')
}

/** `25/27 · 1?`: rows that hold, rows that were judged and reviewed; `?` counts failures that nobody has reviewed. */
function cellOf({ label, result }: Column, group: string): string {
  const rows = result.cases.filter((row) => row.group.split('.')[0] === group && row.class === 'must')
  const judged = rows.filter(({ verdict }) => !['skip', 'info', 'error', 'flaky'].includes(verdict))
  const held = judged.filter((row) => !isAccused(row)).length
  const accused = judged.filter(isAccused)
  const open = accused.filter((row) => checkOf(row) === undefined).length
  if (judged.length === 0) return '–'
  const score = `${held}/${judged.length - open}${open === 0 ? '' : ` +${open}?`}`
  return accused.length === 0 ? score : `[${score}](matrix.html#${anchorOf(label, group)})`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function table(head: readonly string[], rows: readonly string[][]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

function scores(columns: readonly Column[]): string {
  const names = Object.keys(GROUPS)
  const rows = columns.map((column) => [column.label, ...names.map((name) => cellOf(column, name))])
  return table(['server', ...Object.values(GROUPS)], rows)
}

function projects(columns: readonly Column[]): string {
  const seen = new Map(columns.map((column) => [column.recipe.name, column]))
  const rows = [...seen.values()].map(({ recipe, version, date }) => [
    recipe.name,
    recipe.language,
    version,
    date,
    recipe.word,
  ])
  return table(['project', 'language', 'version', 'tested', 'a word'], rows)
}

/** For every check the servers it speaks of, with their rows. */
function checks(columns: readonly Column[]): string {
  const found = CHECKS.map((check) => ({
    check,
    servers: columns.flatMap(({ label, result }) => {
      const rows = result.cases.filter((one) => isAccused(one) && one.class === 'must' && checkOf(one) === check)
      return rows.length === 0 ? [] : [{ label, rows }]
    }),
  })).filter(({ servers }) => servers.length > 0)
  return found
    .map(({ check, servers }) => {
      const lines = servers.map(({ label, rows }) => {
        const names = rows.slice(0, 4).map(({ id }) => `\`${id}\``)
        const more = rows.length > 4 ? ` and ${rows.length - 4} more` : ''
        return `- ${label}: ${names.join(', ')}${more}`
      })
      return `### ${check.rule}\n\n> ${check.text}\n\n${check.why}\n\n${lines.join('\n')}`
    })
    .join('\n\n')
}

function unreviewed(columns: readonly Column[]): string {
  const rows = columns.flatMap(({ label, result }) => {
    const open = result.cases.filter((one) => isAccused(one) && one.class === 'must' && checkOf(one) === undefined)
    if (open.length === 0) return []
    const names = open.slice(0, 12).map(({ id }) => `\`${id}\``)
    return [[label, String(open.length), `${names.join(' ')}${open.length > 12 ? ' …' : ''}`]]
  })
  return rows.length === 0 ? 'None.' : table(['server', 'rows', 'which'], rows)
}

/** reports/matrix.md. */
export function formatPage(columns: readonly Column[]): string {
  return `# The field

<!-- Written by npm run matrix; edit test/matrix/page.ts instead. -->

What \`dwebsocket conform\` finds on ${new Set(columns.map(({ recipe }) => recipe.name)).size} WebSocket servers, as Debian and npm ship them, each started as an
echo with its defaults, and once more with compression where that is a choice. A table like this is out of date soon:
repeat it before you quote it.

**How to read it.** A cell is *rows that hold / rows that were judged*, of the rows of the class *must*. A failure counts only
when somebody compared the answer with the text of the RFC; those comparisons are [below](#what-was-checked-by-hand).
\`+2?\` are two further rows that the tester calls failed and nobody has reviewed: **they accuse nobody**. A cell with failures opens [its evidence](matrix.html):
what was sent, expected and received. Rows are not equally
important: most failures in *handshake* are requests that no client ever sends. Nothing here is about speed, interface or care,
and Debian's versions may be years old.

## The table

${scores(columns)}

${projects(columns)}

## How to repeat one

\`\`\`sh
npm run matrix -- ws                # installs it (Debian's packages as root, others from npm), tests it, writes this page
\`\`\`

Without a name it tests all of them. The results are in \`node_modules/.cache/matrix\`, with a page of every row, passed ones
too (\`all.html\`). The programs are in \`test/matrix/servers\`. One row: \`dwebsocket conform --exec 'PROGRAM {port}' -c ROW --trace\`.

## What was checked by hand

Each sentence was compared with the kind of answer that was seen, not with every connection. The class of these rows is *must*.

${checks(columns)}

## Not reviewed

${unreviewed(columns)}
`
}
