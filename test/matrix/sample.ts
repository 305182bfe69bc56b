import type { CaseResult, RunResult, WireEvent } from '../../src/conformance/result.ts'
import { buildCase } from '../support/conformance-result.ts'
import type { Column } from './page.ts'

/** A failed row of the class *must*, with what was expected and received. */
export function failure(id: string, expected: string, actual: string, wire: WireEvent[] = []): CaseResult {
  const assertion = { requirement: '6455-1-1', class: 'must' as const, ok: false, expected, actual }
  return { ...passed(id), verdict: 'fail', assertions: [assertion], wire }
}

/** A passed row without bytes on the wire. */
export function passed(id: string): CaseResult {
  return buildCase(id, { requirements: [], send: `sent in ${id}`, expect: 'as titled', wire: [] })
}

/** Makes a server or a client with these results. */
export function column(label: string, cases: CaseResult[], side: 'server' | 'client' = 'server'): Column {
  const tool = { name: 'dwebsocket conform', version: '1.2.3' }
  const result = { tool, catalogue: 2, target: { label, side }, cases } as unknown as RunResult
  const recipe = { name: label, language: 'C', word: 'A word.' }
  return { recipe, label, version: '1.0', date: '2026-01-02', load: 1.6, result }
}
