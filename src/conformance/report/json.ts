import type { CaseResult, RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'

/** One JSON document per target, schema `dwebsocket-conform/1`: the object itself, or an array of several. */
export function formatJson(results: RunResult[], context: ReportContext): string {
  const documents = results.map((result) => ({ ...result, cases: result.cases.map((each) => trimWire(each, context)) }))
  return `${JSON.stringify(documents.length === 1 ? documents[0] : documents, null, 1)}\n`
}

/** One line `run`, one line `case` per case, one line `summary`: readable also when the run dies half-way. */
export function formatJsonLines(results: RunResult[], context: ReportContext): string {
  const lines = results.flatMap(({ summary, cases, observations, duration_ms, ...run }) => [
    { type: 'run', ...run },
    ...cases.map((each) => ({ type: 'case', ...trimWire(each, context) })),
    { type: 'summary', duration_ms, summary, observations },
  ])
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** Wire logs stay with what deviates, and with everything when frames were asked for. */
function trimWire(result: CaseResult, { verbosity }: ReportContext): CaseResult {
  return result.verdict === 'pass' && verbosity < 2 ? { ...result, wire: [] } : result
}

/**
 * Reads what `formatJson` wrote, one document or several.
 * Throws `SyntaxError` for anything that is no result of schema `dwebsocket-conform/1`.
 */
export function parseResults(text: string): RunResult[] {
  const value: unknown = JSON.parse(text)
  const documents: unknown[] = Array.isArray(value) ? value : [value]
  for (const document of documents) {
    const schema = (document as Partial<RunResult> | null)?.schema
    if (schema !== 'dwebsocket-conform/1') {
      throw new SyntaxError(`schema ${JSON.stringify(schema) ?? 'missing'}: want "dwebsocket-conform/1"`)
    }
    if (!Array.isArray((document as RunResult).cases)) throw new SyntaxError('result without a list of cases')
  }
  return documents as RunResult[]
}
