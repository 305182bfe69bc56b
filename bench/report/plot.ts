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

/** The width of a plot in its own units. It is narrow, so that text is readable on a phone. */
const WIDTH = 400
const HEIGHT = 300
const LEFT = 62
const RIGHT = 96
const TOP = 12
const BOTTOM = 48
const LABEL_GAP = 15
const BAR_NAME_WIDTH = 112
const BAR_VALUE_WIDTH = 72
/** The approximate width of a character of a label. */
const CHARACTER_WIDTH = 7

/** Escapes the special characters of HTML in `text`. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Draws lines on a logarithmic y axis, labeled at their right ends. */
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
    ...ticksThatFit(plot.xTicks.map((tick) => ({ at: x(tick.x), text: tick.text }))).map(({ at, text }) =>
      verticalLine(at, text),
    ),
    `<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(plot.xTitle)}</text>`,
    `<text class="axis" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(plot.yTitle)}</text>`,
    ...plot.series.map((series) => line(series, x, y, plot)),
    ...endLabels(plot.series, y),
  ]
  return svg(plot.label, WIDTH, HEIGHT, parts)
}

/** Returns the ticks whose labels do not overlap: the last one, and to the left those that have room. */
function ticksThatFit(ticks: { at: number; text: string }[]): { at: number; text: string }[] {
  let free = Number.POSITIVE_INFINITY
  return ticks.reverse().filter(({ at, text }) => {
    const half = (text.length * CHARACTER_WIDTH) / 2
    if (at + half > free) return false
    free = at - half - CHARACTER_WIDTH
    return true
  })
}

/** Draws a bar from zero for each value, with its text. `xTitle` is below the axis. */
export function barPlot(label: string, xTitle: string, bars: readonly Bar[]): string {
  const shown = bars.filter((bar) => Number.isFinite(bar.value) && bar.value > 0)
  if (shown.length === 0) return ''
  const most = Math.max(...shown.map((bar) => bar.value))
  const parts = shown.map((bar, index) => {
    const top = 6 + index * 26
    const width = Math.max(1, (bar.value / most) * (WIDTH - BAR_NAME_WIDTH - BAR_VALUE_WIDTH))
    return `<text x="${BAR_NAME_WIDTH - 10}" y="${top + 14}" text-anchor="end">${escapeHtml(bar.name)}</text>
<rect class="fill s${bar.style}" x="${BAR_NAME_WIDTH}" y="${top}" width="${width.toFixed(1)}" height="18" rx="2"/>
<text class="value" x="${(BAR_NAME_WIDTH + width + 8).toFixed(1)}" y="${top + 14}">${escapeHtml(bar.text)}</text>`
  })
  const bottom = 8 + shown.length * 26
  const axis = `<line class="grid" x1="${BAR_NAME_WIDTH}" x2="${BAR_NAME_WIDTH}" y1="0" y2="${bottom}"/>
<text class="axis" x="${BAR_NAME_WIDTH}" y="${bottom + 16}">${escapeHtml(xTitle)}</text>`
  return svg(label, WIDTH, bottom + 24, [...parts, axis])
}

function svg(label: string, width: number, height: number, parts: string[]): string {
  return `<svg role="img" aria-label="${escapeHtml(label)}" viewBox="0 0 ${width} ${height}">${parts.join('\n')}</svg>`
}

/** Adds a margin above and below the values. */
function widen(lowest: number, highest: number): [number, number] {
  return [lowest / 1.25, highest * 1.25]
}

/** Returns ticks at 1, 2 and 5 times powers of ten, or only at powers of ten over more than three decades. */
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

/** Draws the names at the ends of the lines, moved apart where they would overlap. */
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
