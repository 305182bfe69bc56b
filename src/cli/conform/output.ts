import { mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type CaseResult,
  formats,
  type ReportContext,
  type RunHead,
  type RunResult,
  requirements,
} from '../../conformance/index.ts'
import { optionMessage } from '../../options/read-options.ts'
import { UsageError } from '../usage.ts'

/** One option `-o`: a format and a path. Without a path, the output goes to standard output. */
export interface Output {
  format: string
  path: string | null
}

/**
 * Reads `-o FORMAT[:PATH]`. If no format goes to standard output, text does.
 * @throws {UsageError} when a format is unknown, or several go to standard output.
 */
export function parseOutputs(words: readonly string[]): Output[] {
  const outputs = words.map((word): Output => {
    const colon = word.indexOf(':')
    const format = colon === -1 ? word : word.slice(0, colon)
    const path = colon === -1 ? null : word.slice(colon + 1)
    if (!(format in formats)) {
      throw new UsageError(optionMessage('-o', format, Object.keys(formats).join(', ')))
    }
    return { format, path: path === '' || path === '-' ? null : path }
  })
  if (outputs.filter(({ path }) => path === null).length > 1) {
    throw new UsageError('only one -o can go to standard output; the others need a path: -o json:FILE')
  }
  return outputs.some(({ path }) => path === null) ? outputs : [{ format: 'text', path: null }, ...outputs]
}

/** Returns what reports need in addition to the results. */
export function reportContext(
  options: { strict: boolean; verbosity: -1 | 0 | 1 | 2; color: boolean },
  selected: number,
  total: number,
): ReportContext {
  return {
    strict: options.strict,
    verbosity: options.verbosity,
    color: options.color,
    width: process.stdout.columns ?? 80,
    requirements,
    selected,
    total,
  }
}

/** Writes the results in all requested formats, except JSONL that was already written during the run. */
export function writeOutputs(outputs: readonly Output[], results: RunResult[], context: ReportContext): void {
  for (const { format, path } of outputs) {
    if (format === 'jsonl') continue
    const text = formats[format](results, path === null ? context : { ...context, color: false })
    if (path === null) process.stdout.write(text)
    else writeFile(path, text)
  }
}

function writeFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as Error).message}`)
  }
}

/** Writes JSONL during the run, so that the results are available even if the run ends early. */
export class LineStream {
  #files: number[]

  constructor(outputs: readonly Output[]) {
    this.#files = outputs.filter(({ format }) => format === 'jsonl').map(({ path }) => openFile(path))
  }

  start(head: RunHead): void {
    this.#write({ type: 'run', ...head })
  }

  result(result: CaseResult): void {
    this.#write({ type: 'case', ...result })
  }

  end({ duration_ms, summary, observations }: RunResult): void {
    this.#write({ type: 'summary', duration_ms, summary, observations })
  }

  #write(line: object): void {
    for (const file of this.#files) writeSync(file, `${JSON.stringify(line)}\n`)
  }
}

function openFile(path: string | null): number {
  if (path === null) return 1
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'w')
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as Error).message}`)
  }
}
