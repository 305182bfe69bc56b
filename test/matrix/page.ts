import type { CaseResult, RunResult } from '../../src/conformance/result.ts'
import { CHECKS, STOP } from './checks.ts'
import { DISMISSALS } from './dismissals.ts'
import { isAccused, isDeath, judge } from './judgment.ts'
import type { Recipe } from './recipes.ts'

/** One way of starting a server or a client, and what `core` found. */
export interface Column {
  recipe: Recipe
  label: string
  version: string
  date: string
  /** The load average of the machine when the run ended. */
  load: number
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
    'client.resp': 'response',
    'client.len': 'length',
    'client.rsv': 'RSV',
    'client.op': 'opcode',
    'client.ctl': 'control',
    'client.ping': 'ping',
    'client.frag': 'fragments',
    'client.utf8': 'UTF-8',
    'client.close': 'close',
    'client.pmd': 'deflate',
    'client.frame': 'output and mask',
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

/** The rows of a group that pass. A warning is about a *should*. */
export function passedOf(column: Column, group: string): CaseResult[] {
  return rowsOf(column, group).filter(({ verdict }) => verdict === 'pass' || verdict === 'warn')
}

/** Formats passed rows, and passed rows together with reviewed and upheld failures, linked to the evidence: `25/27`. */
function cellOf(column: Column, group: string): string {
  const held = passedOf(column, group).length
  const failed = publishedOf(column, group).length
  if (held + failed === 0) return '–'
  return `[${held}/${held + failed}](matrix.html#${anchorOf(column.label, group)})`
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
  const rows = [...seen.values()].map(({ recipe, version }) => {
    const dates = columns.filter((column) => column.recipe === recipe).map(({ date }) => date)
    return [recipe.name, recipe.language, version, [...new Set(dates)].join(', '), recipe.word]
  })
  return table(['project', 'language', 'version', 'tested', 'notes'], rows)
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

/** Lists the rows of all classes that ended the process when they ran alone, by server or client. */
function deaths(columns: readonly Column[]): string {
  const parts = columns.flatMap(({ label, result }) => {
    const ids = result.cases.filter(isDeath).map(({ id }) => `\`${id}\``)
    return ids.length === 0 ? [] : [`- ${label}: ${ids.join(', ')}`]
  })
  return parts.length === 0 ? 'None.' : parts.join('\n')
}

/** Returns the failures of the class *must* that are not judged, one line for each. They are not published. */
export function listOpen(columns: readonly Column[]): string[] {
  return columns.flatMap(({ label, result }) =>
    result.cases
      .filter((one) => one.class === 'must' && isAccused(one) && judge(label, one).kind === 'open' && !isDeath(one))
      .map(({ id, verdict, assertions, note }) => {
        const failed = assertions.find(({ ok, class: kind }) => !ok && kind === 'must')
        return `not judged: ${label}: ${id}: ${verdict}: expected ${failed?.expected}, got ${failed?.actual ?? note}`
      }),
  )
}

function openWords(count: number): string {
  if (count === 0) return 'Every failure of the class *must* was reviewed.'
  return `${count} more failures were not reviewed, or could not be judged. They are not on this page.`
}

/** Formats the versions of the tester, the dates and the load of the runs. */
function runsOf(columns: readonly Column[]): string {
  const tools = columns.map(({ result }) => `dwebsocket ${result.tool.version}, catalogue ${result.catalogue}`)
  const dates = columns.map(({ date }) => date).sort()
  const loads = columns.map(({ load }) => Math.round(load))
  const days = dates[0] === dates.at(-1) ? `on ${dates[0]}` : `from ${dates[0]} to ${dates.at(-1)}`
  return `The tester was ${[...new Set(tools)].join('; ')}.
The runs were made ${days} at a load average of ${Math.min(...loads)} to ${Math.max(...loads)}.`
}

/** Lists what differs from run to run. */
function variations(columns: readonly Column[]): string {
  const recipes = [...new Set(columns.map(({ recipe }) => recipe))]
  const lines = recipes.flatMap(({ name, varies }) => (varies === undefined ? [] : [`- ${name}: ${varies}`]))
  return lines.length === 0 ? 'None.' : lines.join('\n')
}

/** Formats the failures that count, the deaths, the results that vary, and the failures that do not count. */
function failures(columns: readonly Column[]): string {
  return `## Failures that count

The items of RFC 6455 §4.2.1 describe the handshake. This sentence says what a server must do if a handshake does not match:

> ${STOP}

${checks(columns)}

## Processes that ended

The process of the server ended while such a case ran, and again when the case ran alone. The cause may be the library or the
echo program. The scores do not include these cases.

${deaths(columns)}

## Results that vary

Each server was tested several times, with one case and with eight cases at the same time, on a quiet and on a busy machine
(\`test/matrix/stability.ts\`). The verdicts were the same each time, except in cases that depend on the timing of TCP segments,
and except these. Another client saw the same behavior of these servers.

${variations(columns)}

## Failures that do not count

The tester reported these failures, but the RFC does not require another answer, or another case counts the same failure.
${openWords(listOpen(columns).length)}

${dismissals(columns)}`
}

/** Makes docs/matrix.md. */
export function formatPage(columns: readonly Column[]): string {
  const count = new Set(columns.map(({ recipe }) => recipe.name)).size
  const ways = columns.filter(({ result }) => result.target.side === 'server').length
  return `# Conformance of WebSocket libraries

<!-- Written by npm run matrix; edit test/matrix/page.ts instead. -->

This page shows what \`dwebsocket conform\` found in ${count} WebSocket libraries, in the versions of Debian 12 and npm. Each server
ran as an echo server with its default options, and once more with compression if that is an option: ${ways} runs of servers and
${columns.length - ways} of clients. Each client returned every message. ${runsOf(columns)}
Results become outdated, and Debian's versions may be years old. Repeat a test before you quote its result.

${HOW_TO_READ}

## Servers

${scores(columns, 'server')}

## Clients

${scores(columns, 'client')}

## The projects

${projects(columns)}

${MISSING}

${HOW_TO_REPEAT}

${failures(columns)}
`
}

const HOW_TO_READ = `## How to read the tables

A cell shows *cases that pass / cases that count*. Only cases of the class *must* are included. A failure counts only if somebody
who did not write the case compared the answer with the text of the RFC, and the text requires something else.
[Failures that count](#failures-that-count) quotes the sentences of the RFC exactly.
[Failures that do not count](#failures-that-do-not-count) gives the reasons. Each cell links to the [evidence](matrix.html):
what was sent, expected and received in cases that failed, and which cases were skipped and why. Skipped cases are not included,
for example those that exceed a limit of the server or test an extension that is off. For this reason the second number varies.

Cases are not equally important. Most failures of the handshake are about requests that no client ever sends. These results say
nothing about speed, API or maintenance. The programs ran beside other work on two processors, so no case counts as a failure only
because an answer did not arrive in time.`

const MISSING = `tungstenite, Java-WebSocket, Cowboy and uWebSockets.js are missing because neither Debian 12 nor npm has a package of them.
Bun contains uWebSockets. coder/websocket is the new name of nhooyr.io/websocket, which is the name of Debian's package.`

const HOW_TO_REPEAT = `## How to repeat a test

\`\`\`sh
npm run matrix -- ws                # installs and tests ws, and writes reports/matrix.*
\`\`\`

Without a name, it tests all projects. \`--docs\` writes this page. The results, with a page that shows every case, are in
\`node_modules/.cache/matrix\`. The programs are in \`test/matrix/servers\` and \`test/matrix/clients\`. The commands that build and
start them are in \`test/matrix/recipes.ts\`. To repeat one case, run
\`npx dwebsocket conform --exec 'PROGRAM {port}' -c CASE --trace\`. \`npx dwebsocket conform explain CASE --script\` prints a program that
sends the same bytes without this package.

If you think that a failure is wrong, or that a program does not use your library well, open an issue. We correct the page first
and discuss the failure afterwards.`
