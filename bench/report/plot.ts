/** One line of a plot; `style` is the number of its color. */
export interface Series {
  name: string
  style: number
  points: { x: number; y: number }[]
}

export interface LinePlot {
  label: string
  xTitle: string
  yTitle: string
  /** The position of a value of x on any increasing scale. */
  xPosition: (x: number) => number
  xTicks: { x: number; text: string }[]
  formatX: (x: number) => string
  formatY: (y: number) => string
  series: Series[]
}

export interface Bar {
  name: string
  style: number
  value: number
  text: string
}

const WIDTH = 720
const HEIGHT = 340
const LEFT = 84
const RIGHT = 150
const TOP = 16
const BOTTOM = 52
const LABEL_GAP = 15

/** `text` with the special characters of HTML escaped. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Lines on a logarithmic y axis, labeled at their right end. */
export function linePlot(plot: LinePlot): string {
  const values = plot.series.flatMap((series) => series.points.map((point) => point.y)).filter((y) => y > 0)
  if (values.length === 0) return ''
  const [lowest, highest] = widen(Math.min(...values), Math.max(...values))
  const xs = plot.xTicks.map((tick) => plot.xPosition(tick.x))
  const [from, to] = [Math.min(...xs), Math.max(...xs)]
  const x = (value: number): number =>
    LEFT + ((plot.xPosition(value) - from) / (to - from || 1)) * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number =>
    TOP + (1 - Math.log(value / lowest) / Math.log(highest / lowest)) * (HEIGHT - TOP - BOTTOM)
  const parts = [
    ...logTicks(lowest, highest).map((tick) => horizontalLine(y(tick), plot.formatY(tick))),
    ...plot.xTicks.map((tick) => verticalLine(x(tick.x), tick.text)),
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(plot.xTitle)}</text>`,
    `<text class="axis" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(plot.yTitle)}</text>`,
    ...plot.series.map((series) => line(series, x, y, plot)),
    ...endLabels(plot.series, y),
  ]
  return svg(plot.label, WIDTH, HEIGHT, parts)
}

/** A bar for each value, from zero, followed by its text. */
export function barPlot(label: string, bars: readonly Bar[]): string {
  const shown = bars.filter((bar) => Number.isFinite(bar.value) && bar.value > 0)
  if (shown.length === 0) return ''
  const nameWidth = 160
  const most = Math.max(...shown.map((bar) => bar.value))
  const parts = shown.map((bar, index) => {
    const top = 6 + index * 26
    const width = Math.max(1, (bar.value / most) * (WIDTH - nameWidth - 130))
    return `<text x="${nameWidth - 10}" y="${top + 14}" text-anchor="end">${escapeHtml(bar.name)}</text>
<rect class="fill s${bar.style}" x="${nameWidth}" y="${top}" width="${width.toFixed(1)}" height="18" rx="2"/>
<text class="value" x="${(nameWidth + width + 8).toFixed(1)}" y="${top + 14}">${escapeHtml(bar.text)}</text>`
  })
  return svg(label, WIDTH, 12 + shown.length * 26, parts)
}

function svg(label: string, width: number, height: number, parts: string[]): string {
  return `<div class="scroll"><svg role="img" aria-label="${escapeHtml(label)}" viewBox="0 0 ${width} ${height}">${parts.join('\n')}</svg></div>`
}

/** Adds a margin above and below, also when all values are equal. */
function widen(lowest: number, highest: number): [number, number] {
  return [lowest / 1.25, highest * 1.25]
}

/** 1, 2 and 5 times powers of ten; the powers alone over more than three decades. */
function logTicks(lowest: number, highest: number): number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(lowest)); power <= Math.log10(highest); power++) {
    for (const digit of Math.log10(highest / lowest) > 3 ? [1] : [1, 2, 5]) ticks.push(digit * 10 ** power)
  }
  return ticks.filter((tick) => tick >= lowest && tick <= highest)
}

function horizontalLine(y: number, text: string): string {
  return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>
<text class="tick" x="${LEFT - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${escapeHtml(text)}</text>`
}

function verticalLine(x: number, text: string): string {
  return `<line class="grid" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>
<text class="tick" x="${x.toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${escapeHtml(text)}</text>`
}

function line(series: Series, x: (value: number) => number, y: (value: number) => number, plot: LinePlot): string {
  const points = series.points.filter((point) => point.y > 0)
  const path = points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ')
  const dots = points.map(
    (point) =>
      `<circle class="fill s${series.style}" cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3.5"><title>${escapeHtml(
        `${series.name}, ${plot.formatX(point.x)}: ${plot.formatY(point.y)}`,
      )}</title></circle>`,
  )
  return `<polyline class="line s${series.style}" points="${path}"/>${dots.join('')}`
}

/** The names at the ends of the lines, moved apart where they would overlap. */
function endLabels(series: readonly Series[], y: (value: number) => number): string[] {
  const ends = series
    .map((one) => ({ one, at: one.points.findLast((point) => point.y > 0) }))
    .flatMap(({ one, at }) => (at ? [{ one, top: y(at.y) }] : []))
    .sort((a, b) => a.top - b.top)
  for (let index = 1; index < ends.length; index++) {
    ends[index].top = Math.max(ends[index].top, ends[index - 1].top + LABEL_GAP)
  }
  const overflow = Math.max(0, (ends.at(-1)?.top ?? 0) - (HEIGHT - BOTTOM))
  return ends.map(
    ({ one, top }) =>
      `<text class="name s${one.style}" x="${WIDTH - RIGHT + 10}" y="${(top - overflow + 4).toFixed(1)}">${escapeHtml(one.name)}</text>`,
  )
}
