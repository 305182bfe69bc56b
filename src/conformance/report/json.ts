import type { CaseResult, RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'

/** Formats JSON with the schema `dwebsocket-conform/1`: one object, or an array for several targets. */
export function formatJson(results: RunResult[], context: ReportContext): string {
  const documents = results.map((result) => ({ ...result, cases: result.cases.map((each) => trimWire(each, context)) }))
  return `${JSON.stringify(documents.length === 1 ? documents[0] : documents, null, 1)}\n`
}

/** Formats JSON lines: `run`, one `case` per case, and `summary`. They can be read even if the run ends early. */
export function formatJsonLines(results: RunResult[], context: ReportContext): string {
  const lines = results.flatMap(({ summary, cases, observations, duration_ms, ...run }) => [
    { type: 'run', ...run },
    ...cases.map((each) => ({ type: 'case', ...trimWire(each, context) })),
    { type: 'summary', duration_ms, summary, observations },
  ])
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** Retains the wire logs of cases that deviate, and of all cases when frames were requested. */
function trimWire(result: CaseResult, { verbosity }: ReportContext): CaseResult {
  return result.verdict === 'pass' && verbosity < 2 ? { ...result, wire: [] } : result
}

/**
 * Parses the output of `formatJson`, one document or several.
 * @throws {SyntaxError} when the text is not a result with the schema `dwebsocket-conform/1`.
 */
export function parseResults(text: string): RunResult[] {
  const value: unknown = JSON.parse(text)
  const documents: unknown[] = Array.isArray(value) ? value : [value]
  for (const document of documents) {
    const schema = (document as Partial<RunResult> | null)?.schema
    if (schema !== 'dwebsocket-conform/1') {
      throw new SyntaxError(`schema is ${JSON.stringify(schema) ?? 'missing'}; allowed: "dwebsocket-conform/1"`)
    }
    if (!Array.isArray((document as RunResult).cases)) throw new SyntaxError('result without a list of cases')
  }
  return documents as RunResult[]
}
