import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  diffResults,
  formatDiff,
  matrixHtml,
  matrixMarkdown,
  matrixText,
  parseResults,
  type RunResult,
} from '../../conformance/index.ts'
import { optionMessage } from '../../options/read-options.ts'
import { UsageError } from '../usage.ts'
import type { ConformOptions } from './option.ts'
import { LineStream, parseOutputs, reportContext, writeOutputs } from './output.ts'
import { countCases } from './shared.ts'

function read(path: string): RunResult[] {
  try {
    return parseResults(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`)
  }
}

function contextOf(results: readonly RunResult[], options: ConformOptions) {
  return reportContext(options, Math.max(0, ...results.map(({ cases }) => cases.length)), countCases('server'))
}

/** `conform report FILE… -o …`: writes results in other formats. */
export function report(options: ConformOptions): number {
  if (options.positionals.length === 0) throw new UsageError('report needs the JSON file of a result')
  const outputs = parseOutputs(options.outputs)
  const results = options.positionals.flatMap(read)
  const lines = new LineStream(outputs)
  for (const result of results) {
    const { duration_ms: _duration, summary: _summary, cases, observations: _observations, ...head } = result
    lines.start(head)
    for (const one of cases) lines.result(one)
    lines.end(result)
  }
  writeOutputs(outputs, results, contextOf(results, options))
  return 0
}

/** `conform diff OLD NEW`: prints the differences. Returns 1 when a case is worse than before. */
export function diff(options: ConformOptions): number {
  const [old, next, ...more] = options.positionals
  if (old === undefined || next === undefined || more.length > 0) throw new UsageError('diff needs two JSON files')
  const found = diffResults(read(old)[0], read(next)[0])
  process.stdout.write(formatDiff(found, options))
  return found.regressions.length > 0 ? 1 : 0
}

const MATRIX_FORMATS = { text: matrixText, markdown: matrixMarkdown, html: matrixHtml }

/** `conform matrix FILE… [-o text|markdown|html[:PATH]]`: writes several results side by side. */
export function matrix(options: ConformOptions): number {
  if (options.positionals.length < 2) throw new UsageError('matrix needs at least two JSON files')
  const results = options.positionals.flatMap(read)
  for (const [index, label] of options.labels.entries()) if (results[index]) results[index].target.label = label
  for (const word of options.outputs.length === 0 ? ['text'] : options.outputs) {
    const [, format, path] = /^(\w+)(?::(.+))?$/.exec(word) ?? []
    const formatMatrix = MATRIX_FORMATS[format as keyof typeof MATRIX_FORMATS]
    if (formatMatrix === undefined) throw new UsageError(optionMessage('-o', word, 'text, markdown, html'))
    const text = formatMatrix(results, contextOf(results, options))
    if (path === undefined || path === '-') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
    else {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
  }
  return 0
}
