/** One bar: what a server needs for the work that dwebsocket does in one unit of time. */
interface Bar {
  readonly title: string
  readonly ratio: number
}

/** The rows of the table that the plot shows, with titles that fit beside a bar. */
const rows: Readonly<Record<string, string>> = {
  'burst-128': '128 B, many in flight',
  'burst-1k': '1 KiB, many in flight',
  'single-16': '16 B, one in flight',
  'single-16k': '16 KiB, one in flight',
  'session-burst': '128 B, session API',
  'broadcast-8': 'broadcast to 1,000, bursts of 8',
  'broadcast-10k': 'broadcast to 10,000, single',
  idle: 'memory, idle connection',
  handshake: 'handshake and close',
  deflate: '1 KiB JSON, compressed',
}

/** A scenario of the benchmark: its title, and what one unit of work costs. */
interface Scenario {
  title: string
  own: string
  ws: string
  ratio: number
}

/** The scenarios in the table of `docs/benchmark.md`, by their ids. */
function readScenarios(table: string): ReadonlyMap<string, Scenario> {
  const scenarios = new Map<string, Scenario>()
  let current: Scenario = { title: '', own: '', ws: '', ratio: Number.NaN }
  for (const line of table.match(/^\| .*$/gm) ?? []) {
    const [, title, server, cost, ratio] = line.split('|').map((cell) => cell.trim())
    const [, name, id] = /^(.*) \(`([\w-]+)`\)$/.exec(title) ?? []
    if (id !== undefined) {
      current = { title: name, own: cost, ws: '', ratio: Number.NaN }
      scenarios.set(id, current)
    } else if (server === 'ws') Object.assign(current, { ws: cost, ratio: Number.parseFloat(ratio) })
  }
  return scenarios
}

/** The document with a run of the benchmark and ten rows of it between its marks. */
export function insertSpeed(text: string, table: string): string {
  const scenarios = readScenarios(table)
  const lines = Object.keys(rows).map((id) => {
    const { title, own, ws, ratio } = scenarios.get(id)!
    return `| ${title} | ${own} | ${ws} | ${ratio}× |`
  })
  const run = /^\d{4}-\d\d-\d\d, .*$/m.exec(table)![0]
  const rowsOfTable = [
    run,
    '',
    '| scenario | dwebsocket | ws | ws ÷ dwebsocket |',
    '|---|---:|---:|---:|',
    ...lines,
  ].join('\n')
  return text.replace(/(<!-- speed:rows -->\n).*?(<!-- speed:end -->)/s, `$1${rowsOfTable}\n$2`)
}

/** The cost of ws relative to dwebsocket as an SVG, which reads well on light and dark pages. */
export function drawSpeed(table: string): string {
  const scenarios = readScenarios(table)
  const bars: Bar[] = Object.entries(rows).map(([id, title]) => ({ title, ratio: scenarios.get(id)!.ratio }))
  const scale = 380 / Math.max(...bars.map(({ ratio }) => ratio))
  const lines = bars.map(({ title, ratio }, index) => {
    const y = 52 + index * 26
    const width = (ratio * scale).toFixed(1)
    return [
      `<text x="232" y="${y + 14}" text-anchor="end">${title}</text>`,
      `<rect x="240" y="${y}" width="${width}" height="18" rx="2" fill="#2f6fde"/>`,
      `<text x="${(246 + ratio * scale).toFixed(1)}" y="${y + 14}">${ratio}×</text>`,
    ].join('')
  })
  const one = (240 + scale).toFixed(1)
  const height = 60 + bars.length * 26
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 ${height}" role="img" font-family="system-ui, sans-serif" font-size="13">
<title>Cost of ws divided by the cost of dwebsocket, per scenario</title>
<style>text{fill:#1f2328}@media (prefers-color-scheme: dark){text{fill:#e6edf3}}</style>
<text x="10" y="20" font-size="15" font-weight="600">Cost of ws ÷ cost of dwebsocket</text>
<text x="${one}" y="42" text-anchor="middle">1×</text>
<line x1="${one}" y1="46" x2="${one}" y2="${height - 8}" stroke="#8c959f" stroke-dasharray="3 3"/>
${lines.join('\n')}
</svg>
`
}
