import { existsSync } from 'node:fs'
import { attackA, attackB, attackC, attackD, attackE, attackF, attackG, attackH, type Finding } from './attacks.ts'

/** `npm run attack`: attacks A to H on `dwebsocket echo` with its defaults, a table, and 1 where a bound breaks. */
async function main(): Promise<number> {
  if (!existsSync('/proc/self/clear_refs')) {
    console.error('npm run attack reads /proc: it runs on Linux only')
    return 2
  }
  const only = process.argv[2]?.toUpperCase()
  const isWanted = (name: string): boolean => only === undefined || only.includes(name)
  // A waits a minute for its timer: the others run meanwhile, on servers of their own.
  const slow = isWanted('A') ? attackA() : Promise.resolve([])
  const rest: Finding[] = []
  const others = { B: attackB, C: attackC, D: attackD, E: attackE, F: attackF, G: attackG, H: attackH }
  for (const [name, attack] of Object.entries(others)) if (isWanted(name)) rest.push(...(await attack()))
  const findings = [...(await slow), ...rest]
  print(findings)
  return findings.every(({ holds }) => holds) ? 0 : 1
}

function print(findings: Finding[]): void {
  const rows = [['attack', 'measured', 'bound', ''], ...findings.map(cellsOf)]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows)
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
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
