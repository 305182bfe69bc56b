import { readFileSync } from 'node:fs'
import { formatMetrics } from '../../src/server/stats.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('Grafana dashboard')

interface Panel {
  readonly id: number
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const dashboard: { panels: Panel[] } = JSON.parse(
  readFileSync(new URL('../../docs/grafana.json', import.meta.url), 'utf8'),
)

/** Metrics as a server writes them, with one sample for each label. */
const metrics = formatMetrics({
  connections: 1,
  accepted: 1,
  refused: { 403: 1 },
  receivedMessages: 1,
  sentMessages: 1,
  receivedBytes: 1,
  sentBytes: 1,
  droppedMessages: 1,
  closeCodes: { 1000: 1 },
  bufferedBytes: 1,
  heldBytes: 1,
  latency: { bounds: [1], counts: [1, 0], sum: 1 },
})

const namesOf = (text: string): Set<string> => new Set(text.match(/dwebsocket_\w+/g))

test('every query is about metrics and labels that a server has', () => {
  const known = namesOf(metrics.replaceAll(/^#.*$/gm, ''))
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets) {
      for (const name of namesOf(expr)) {
        assert.ok(known.has(name), `${title}: ${name}`)
        for (const [, labels] of expr.matchAll(/by \(([^)]*)\)/g)) {
          const own = labels.split(', ').filter((label) => label !== 'instance')
          for (const label of own) assert.match(metrics, new RegExp(`^${name}\\{.*\\b${label}=`, 'm'))
        }
      }
    }
  }
})

test('every metric of a server is shown, and every panel has its own number', () => {
  const shown = namesOf(JSON.stringify(dashboard.panels))
  for (const [, name] of metrics.matchAll(/^# TYPE (\w+) (?!histogram)/gm)) assert.ok(shown.has(name), name)
  assert.is(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
})
