import type { CaseResult, RunResult } from '../../src/conformance/result.ts'
import { CHECKS } from './checks.ts'
import { DISMISSALS } from './dismissals.ts'
import { isAccused, judge } from './judgment.ts'
import type { Recipe } from './recipes.ts'

/** One way of starting a server or a client, and what `core` found. */
export interface Column {
  recipe: Recipe
  label: string
  version: string
  date: string
  result: RunResult
}

/** The groups of rows, by prefix of their ids, with their names on the page. */
export const GROUPS: Record<'server' | 'client', Record<string, string>> = {
  server: {
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
  },
  client: {
    'client.req': 'request',
    'client.resp': 'answer',
    'client.frame': 'frames',
    'client.ab': 'messages',
    'client.close': 'close',
  },
}

/** The rows of the class *must* of a group. */
export function rowsOf({ result }: Column, group: string): CaseResult[] {
  return result.cases.filter(({ id, class: kind }) => kind === 'must' && id.startsWith(`${group}.`))
}

/** The failures of a group that the page publishes. */
export function publishedOf(column: Column, group: string): CaseResult[] {
  return rowsOf(column, group).filter((row) => isAccused(row) && judge(column.label, row).kind === 'upheld')
}

/** Names the evidence of a cell. */
export function anchorOf(label: string, group: string): string {
  return `${label}-${group}`.replaceAll(/\W+/g, '-')
}

/** Formats passed rows, and passed rows together with reviewed and upheld failures: `25/27`. */
function cellOf(column: Column, group: string): string {
  const held = rowsOf(column, group).filter(({ verdict }) => verdict === 'pass' || verdict === 'warn').length
  const failed = publishedOf(column, group).length
  if (held + failed === 0) return '–'
  const score = `${held}/${held + failed}`
  return failed === 0 ? score : `[${score}](matrix.html#${anchorOf(column.label, group)})`
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function table(head: readonly string[], rows: readonly string[][]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

function scores(columns: readonly Column[], side: 'server' | 'client'): string {
  const groups = GROUPS[side]
  const rows = columns
    .filter(({ result }) => result.target.side === side)
    .map((column) => [
      column.label.replace(/ as a client$/, ''),
      ...Object.keys(groups).map((group) => cellOf(column, group)),
    ])
  return rows.length === 0 ? 'None was tested.' : table([side, ...Object.values(groups)], rows)
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
  return table(['project', 'language', 'version', 'tested', 'what it does well, which limits are choices'], rows)
}

/**
 * `ws (3), faye-websocket (2)`: which servers and clients, with the number of their rows; and the names of the rows.
 */
function whoAndWhich(columns: readonly Column[], isMeant: (label: string, row: CaseResult) => boolean): string | null {
  const found = columns.flatMap(({ label, result }) => {
    const rows = result.cases.filter((one) => one.class === 'must' && isAccused(one) && isMeant(label, one))
    return rows.length === 0 ? [] : [{ label, rows }]
  })
  if (found.length === 0) return null
  const who = found.map(({ label, rows }) => `${label} (${rows.length})`).join(', ')
  const ids = [...new Set(found.flatMap(({ rows }) => rows.map(({ id }) => id)))]
  const which = ids.slice(0, SHOWN).map((id) => `\`${id}\``)
  return `${who}: ${which.join(', ')}${ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : ''}.`
}

/** How many names of rows a paragraph shows. */
const SHOWN = 8

/** Returns the servers and clients of each check. */
function checks(columns: readonly Column[]): string {
  const parts = CHECKS.flatMap((check) => {
    const found = whoAndWhich(columns, (label, one) => {
      const judgment = judge(label, one)
      return judgment.kind === 'upheld' && judgment.check === check
    })
    const quotes = check.text.split(' · ').map((sentence) => `> ${sentence}`)
    return found === null ? [] : [`### ${check.rule}\n\n${quotes.join('\n>\n')}\n\n${check.why}\n\n${found}`]
  })
  return parts.length === 0 ? 'None.' : parts.join('\n\n')
}

function dismissals(columns: readonly Column[]): string {
  const parts = DISMISSALS.flatMap((dismissal) => {
    const found = whoAndWhich(columns, (label, one) => {
      const judgment = judge(label, one)
      return judgment.kind === 'dismissed' && judgment.dismissal === dismissal
    })
    return found === null ? [] : [`- **${dismissal.title}.** ${dismissal.why} ${found}`]
  })
  return parts.length === 0 ? 'None.' : parts.join('\n')
}

/** Returns the failures of the class *must* that are not judged, one line for each. They are not published. */
export function listOpen(columns: readonly Column[]): string[] {
  return columns.flatMap(({ label, result }) =>
    result.cases
      .filter((one) => one.class === 'must' && isAccused(one) && judge(label, one).kind === 'open')
      .map(({ id, verdict, assertions, note }) => {
        const failed = assertions.find(({ ok, class: kind }) => !ok && kind === 'must')
        return `not judged: ${label}: ${id}: ${verdict}: expected ${failed?.expected}, got ${failed?.actual ?? note}`
      }),
  )
}

function openWords(count: number): string {
  if (count === 0) return 'Every failure of the runs was looked at.'
  return `${count} failures of the runs were not looked at yet, or could not be judged; they are in no count and in no list.`
}

/** Makes docs/matrix.md. */
export function formatPage(columns: readonly Column[]): string {
  const count = new Set(columns.map(({ recipe }) => recipe.name)).size
  return `# The field

<!-- Written by npm run matrix; edit test/matrix/page.ts instead. -->

What \`dwebsocket conform\` finds on ${count} WebSocket libraries, as Debian 12 and npm ship them: each server as an echo with its
defaults, and once more with compression where that is a choice; each client as one that echoes. A table like this is out of
date soon, and Debian's versions may be years old: repeat it before you quote it.

${HOW_TO_READ}

## Servers

${scores(columns, 'server')}

## Clients

${scores(columns, 'client')}

## The projects

${projects(columns)}

${HOW_TO_REPEAT}

## Failures that count

${checks(columns)}

## Seen and not counted

${openWords(listOpen(columns).length)} These were looked at and left out, because the text does not carry them or another row says the same:

${dismissals(columns)}
`
}

const HOW_TO_READ = `**How to read it.** A cell is *rows that hold / rows that count*, of the rows of the class *must*. A failure counts only when a
person, not the one who wrote the row, compared the answer with the text of the RFC and found that the text carries it:
[these sentences](#failures-that-count), quoted letter for letter. [What was seen and does not
count](#seen-and-not-counted) is listed with the reason. A cell with failures links to [its evidence](matrix.html): what was
sent, expected and received. Rows that were skipped (a limit, an option that is off) are in no count, so the second number
differs from line to line.

Rows are not equally important: most failures of *handshake* are requests that no client ever sends. Nothing here is about
speed, interface or care. This project's own server is in the table; it was made beside this tester, so its line says least.`

const HOW_TO_REPEAT = `## How to repeat one

\`\`\`sh
npm run matrix -- ws                # installs it (Debian's packages as root, others from npm), tests it, writes reports/matrix.*
\`\`\`

Without a name it tests all of them; \`--docs\` writes this page. The results are in \`node_modules/.cache/matrix\`, with a page of
every row, passed ones too (\`all.html\`). The programs are in \`test/matrix/servers\` and \`test/matrix/clients\`, the commands that
build and start them in \`test/matrix/recipes.ts\`. One row: \`npx dwebsocket conform --exec 'PROGRAM {port}' -c ROW --trace\`; the same
bytes without this package: \`npx dwebsocket conform explain ROW --script\`.

Is a failure wrong, or a program unfair to your project? Open an issue: a row is corrected first and discussed then.`
