import {
  type CatalogueEntry,
  catalogue,
  findCase,
  findEntry,
  findRequirement,
  requirements,
  SelectionError,
  selectCases,
} from '../../conformance/index.ts'
import { UsageError } from '../usage.ts'
import type { ConformOptions } from './option.ts'
import { writeScript } from './script.ts'

function choose(options: ConformOptions): CatalogueEntry[] {
  const include = [...options.positionals, ...options.include]
  try {
    return selectCases(catalogue, { ...options, include: include.length === 0 ? ['all'] : include, long: true })
  } catch (error) {
    if (error instanceof SelectionError) throw new UsageError(withHint(error.message))
    throw error
  }
}

/** Says where the names are, unless the message suggests some. */
function withHint(message: string): string {
  return message.includes('did you mean') ? message : `${message}; dwebsocket conform list prints the names`
}

/** `conform list`: prints names, titles and classes. */
export function list(options: ConformOptions): number {
  const entries = choose(options)
  if (options.json) process.stdout.write(`${JSON.stringify(entries, null, 1)}\n`)
  else {
    const lines = entries.map(
      ({ id, class: level, title, autobahn }) =>
        `${id.padEnd(32)} ${level.padEnd(7)} ${title}${autobahn === null ? '' : `  ab:${autobahn}`}`,
    )
    process.stdout.write(`${lines.join('\n')}\n${entries.length} cases\n`)
  }
  return 0
}

/**
 * `conform explain CASE…`: prints the rule, what is sent and what is expected; with `--script`, a program that sends
 * the same.
 */
export async function explain(options: ConformOptions): Promise<number> {
  if (options.script) {
    process.stdout.write(await writeScript(options))
    return 0
  }
  if (options.positionals.length === 0) throw new UsageError('explain needs the name of a case')
  const entries = options.positionals.flatMap((name) => {
    const exact = findEntry(name)
    return exact === undefined ? choose({ ...options, positionals: [name] }) : [exact]
  })
  process.stdout.write(entries.map(explainOne).join('\n'))
  return 0
}

function explainOne(entry: CatalogueEntry): string {
  const tags = findCase(entry.id)?.tags ?? []
  const lines = [
    `${entry.id}  ${entry.title}`,
    `  class     ${entry.class} (${CLASS_MEANING[entry.class]})`,
    `  side      ${entry.side}`,
    ...(entry.autobahn === null ? [] : [`  Autobahn  ${entry.autobahn}`]),
    ...(tags.length === 0 ? [] : [`  tags      ${tags.join(', ')}`]),
    `  sent      ${entry.send}`,
    `  expected  ${entry.expect}`,
    ...entry.requirements.flatMap(explainRule),
  ]
  return `${lines.join('\n')}\n`
}

const CLASS_MEANING = { must: 'fails the run', should: 'warns; fails under --strict', info: 'reported only' } as const

function explainRule(id: string): string[] {
  const rule = findRequirement(id)
  if (rule === undefined) return [`  rule      ${id}`]
  return [
    `  rule      ${id}  ${rule.level}, ${rule.who}: ${rule.statement}`,
    `            https://www.rfc-editor.org/rfc/rfc${rule.rfc}.html#section-${rule.section}`,
  ]
}

/** `conform requirements`: prints the rules, and how many cases check each of them. */
export function listRequirements(options: ConformOptions): number {
  const wanted = options.positionals
  const chosen = requirements.filter(
    ({ id, rfc, section }) =>
      wanted.length === 0 || wanted.some((one) => one === id || one === rfc || one === `${rfc}/${section}`),
  )
  if (chosen.length === 0) throw new UsageError('no such rule; examples of rules: 6455, 6455/5.4, 6455-5.4-5')
  const counted = chosen.map((rule) => ({
    ...rule,
    cases: catalogue.filter((entry) => entry.requirements.includes(rule.id)).length,
  }))
  if (options.json) process.stdout.write(`${JSON.stringify(counted, null, 1)}\n`)
  else {
    const lines = counted.map(
      ({ id, level, who, statement, cases }) =>
        `${id.padEnd(16)} ${level.padEnd(10)} ${who.padEnd(7)} ${statement} (${cases} cases)`,
    )
    process.stdout.write(`${lines.join('\n')}\n`)
  }
  return 0
}
