// The known attacks on `dwebsocket echo` with its defaults, measured from outside: `npm run attack -- [--http2]
// [LETTERS]` prints each figure beside its bound, and exits with 1 when one does not hold. With `--http2` the same
// attacks run over streams of HTTP/2, followed by those that exist only there (P).
import { existsSync } from 'node:fs'
import { bomb } from './attacks/bomb.ts'
import { waitingForCompression, waitingForInflation } from './attacks/compressed.ts'
import { floodOfOne } from './attacks/flood.ts'
import { fragments } from './attacks/fragments.ts'
import { http2Attacks } from './attacks/http2.ts'
import { idle } from './attacks/idle.ts'
import { incompleteHeader, invalidUtf8 } from './attacks/incomplete.ts'
import { backlogsOfRooms, historyOfRooms } from './attacks/rooms.ts'
import { trickle } from './attacks/trickle.ts'
import { unreadEcho, unreadPings } from './attacks/unread.ts'
import type { Finding } from './finding.ts'
import { isOverHttp2 } from './target.ts'

const attacks: ReadonlyMap<string, () => Promise<Finding[]>> = new Map([
  ['A', fragments],
  ['B', unreadPings],
  ['C', unreadEcho],
  ['D', idle],
  ['E', invalidUtf8],
  ['F', incompleteHeader],
  ['G', trickle],
  ['H', bomb],
  ['I', floodOfOne],
  ['J', historyOfRooms],
  ['K', backlogsOfRooms],
  ['L', waitingForCompression],
  ['M', waitingForInflation],
  ...(isOverHttp2 ? [['P', http2Attacks] as const] : []),
])

/** Attacks that mostly wait for a timer. They run at the same time as the others, on separate servers. */
const slow: ReadonlySet<string> = new Set(['A'])

async function main(): Promise<number> {
  if (!existsSync('/proc/self/clear_refs')) {
    console.error('npm run attack reads /proc: it runs on Linux only')
    return 2
  }
  const only = process.argv
    .slice(2)
    .find((word) => !word.startsWith('--'))
    ?.toUpperCase()
  const wanted = [...attacks].filter(([name]) => only === undefined || only.includes(name))
  const waiting = wanted.filter(([name]) => slow.has(name)).map(([, attack]) => attack())
  const others: Finding[] = []
  for (const [name, attack] of wanted) if (!slow.has(name)) others.push(...(await attack()))
  const findings = [...(await Promise.all(waiting)).flat(), ...others]
  print(findings)
  return findings.every(({ holds }) => holds) ? 0 : 1
}

function print(findings: Finding[]): void {
  const rows = [['attack', 'measured', 'bound', ''], ...findings.map(cellsOf)]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    console.log(cells.join('  ').trimEnd())
  }
}

const cellsOf = ({ attack, measured, bound, holds }: Finding): string[] => [
  attack,
  measured,
  bound,
  holds ? 'holds' : 'BROKEN',
]

main().then((code) => {
  process.exitCode = code
})
