import type { Defects, Http2Defect } from './defects.ts'

export type Field = readonly [name: string, value: string]

const CONNECTION_FIELDS = ['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'transfer-encoding']
const PSEUDO_FIELDS = [':method', ':protocol', ':scheme', ':authority', ':path']

/** Returns the first value of a field. */
export function firstOf(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([each]) => each === name)?.[1]
}

function isPseudo([name]: Field): boolean {
  return name.startsWith(':')
}

/** Conditions that make a request malformed (RFC 9113 §8.1.1, RFC 8441 §4), each with the defect that ignores it. */
const malformed: [Http2Defect, (fields: readonly Field[]) => boolean][] = [
  [
    'h2-accepts-two-pseudo-fields',
    (fields) =>
      fields.some((field, index) => isPseudo(field) && fields.findIndex(([name]) => name === field[0]) < index),
  ],
  [
    'h2-accepts-any-pseudo-field',
    (fields) => fields.some((field) => isPseudo(field) && !PSEUDO_FIELDS.includes(field[0])),
  ],
  [
    'h2-misses-nothing',
    (fields) => [':method', ':scheme', ':authority', ':path'].some((name) => firstOf(fields, name) === undefined),
  ],
  ['h2-accepts-empty-path', (fields) => firstOf(fields, ':path') === ''],
  [
    'h2-reads-connect-as-websocket',
    (fields) => firstOf(fields, ':method') === 'CONNECT' && firstOf(fields, ':protocol') !== 'websocket',
  ],
  ['h2-accepts-get', (fields) => firstOf(fields, ':method') === 'GET' && firstOf(fields, ':protocol') !== undefined],
  [
    'h2-accepts-connection-fields',
    (fields) =>
      fields.some(([name, value]) => CONNECTION_FIELDS.includes(name) || (name === 'te' && value !== 'trailers')),
  ],
  ['h2-accepts-upper-case', (fields) => fields.some(([name]) => /[A-Z]/.test(name))],
  [
    'h2-accepts-late-pseudo-fields',
    (fields) => fields.some((field, index) => isPseudo(field) && fields.slice(0, index).some((one) => !isPseudo(one))),
  ],
  ['h2-accepts-a-length', (fields) => firstOf(fields, 'content-length') !== undefined],
]

/** Returns whether the request is malformed by a rule that no defect ignores. */
export function isMalformed(fields: readonly Field[], defects: Defects): boolean {
  return malformed.some(([defect, breaks]) => !defects.has(defect) && breaks(fields))
}
