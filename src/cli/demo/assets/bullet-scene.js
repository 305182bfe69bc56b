import { disc, gradient, mix, noise } from './bullet-shapes.js'
import { drawTrain } from './bullet-train.js'

/** The animated picture: a train passes a lake, a day in two minutes. It depends on the time only. */

const DAY = 120
const SHORE = 0.72

/** Colors at a share of the day: sky from top to bottom, ridges from far to near, viaduct, darkness. */
const MOMENTS = [
  {
    at: 0,
    sky: ['#33447f', '#b678a0', '#ffc48c'],
    ridges: ['#9a7fa6', '#6a5f93', '#3f4275'],
    stone: '#2c2d57',
    night: 0.25,
  },
  {
    at: 0.22,
    sky: ['#3f8fd9', '#8cc6ee', '#e6f4f7'],
    ridges: ['#9dbdd6', '#6c9fae', '#3f7d78'],
    stone: '#35535f',
    night: 0,
  },
  {
    at: 0.45,
    sky: ['#4a79c4', '#a8bfe0', '#ffe3b5'],
    ridges: ['#a7a9c9', '#7388a4', '#456a75'],
    stone: '#37475e',
    night: 0,
  },
  {
    at: 0.58,
    sky: ['#33316e', '#b2507f', '#ff9a5c'],
    ridges: ['#8a5c8c', '#5b4379', '#37305f'],
    stone: '#251f48',
    night: 0.35,
  },
  {
    at: 0.72,
    sky: ['#070b24', '#141c48', '#33407a'],
    ridges: ['#2a3468', '#1c244f', '#121838'],
    stone: '#0b0f27',
    night: 1,
  },
  {
    at: 0.9,
    sky: ['#0a1030', '#202a62', '#5a5590'],
    ridges: ['#3c4078', '#282c5c', '#191d43'],
    stone: '#10132f',
    night: 0.9,
  },
]

const STARS = Array.from({ length: 90 }, (_, index) => ({
  x: noise(index),
  y: noise(index + 100) * 0.55,
  size: 0.5 + noise(index + 200),
  beat: 0.5 + 2 * noise(index + 300),
}))

const CLOUDS = Array.from({ length: 6 }, (_, index) => ({
  x: noise(index + 400) * 1.6,
  y: 0.08 + 0.26 * noise(index + 500),
  size: 0.6 + 0.7 * noise(index + 600),
  speed: 0.004 + 0.006 * noise(index + 700),
}))

/** Positions and sizes of the ellipses of a cloud. */
const CLOUD_PARTS = [
  [0, 0, 0.05],
  [0.1, -0.022, 0.068],
  [0.23, -0.008, 0.06],
  [0.34, 0.006, 0.04],
]

/** Draws the picture at `time`, in seconds, over the whole canvas. */
export function drawScene(context, time) {
  const { width, height } = context.canvas
  const view = { context, time, width, height, unit: height / 100, shore: height * SHORE }
  const light = lightAt((time / DAY) % 1)
  drawSky(view, light)
  drawClouds(view, light)
  for (const [index, color] of light.ridges.entries()) drawRidge(view, color, index)
  drawTrain(view, light)
  drawViaduct(view, light)
  drawWater(view, light)
}

function drawSky({ context, time, width, height, shore }, { sky, night, share }) {
  context.fillStyle = gradient(context, shore, sky)
  context.fillRect(0, 0, width, shore)
  context.fillStyle = '#ffffff'
  for (const { x, y, size, beat } of STARS) {
    context.globalAlpha = night * (0.55 + 0.45 * Math.sin(time * beat + x * 60))
    context.fillRect(x * width, y * height, size * height * 0.004, size * height * 0.004)
  }
  context.globalAlpha = 1
  // The sun is up from 0 to 0.62 of the day, the moon from 0.66 to the end.
  if (share < 0.62) drawDisc(context, share / 0.62, 0.075, ['#fff8e0', '#ffdf9e'], [width, height])
  if (share > 0.66) drawDisc(context, (share - 0.66) / 0.34, 0.05, ['#f4f2e4', '#aab4e8'], [width, height])
}

/** Draws the sun or the moon, at `way` (0 to 1) of its path from left to right. */
function drawDisc(context, way, size, [core, glow], [width, height]) {
  const x = width * (0.08 + 0.84 * way)
  const y = height * (0.72 - 0.56 * Math.sin(Math.PI * way))
  const radius = height * size
  const halo = context.createRadialGradient(x, y, radius * 0.6, x, y, radius * 5)
  halo.addColorStop(0, `${glow}b0`)
  halo.addColorStop(1, `${glow}00`)
  context.fillStyle = halo
  context.fillRect(x - radius * 5, y - radius * 5, radius * 10, radius * 10)
  context.fillStyle = core
  disc(context, x, y, radius)
}

function drawClouds({ context, time, width, height }, { night }) {
  context.fillStyle = '#ffffff'
  context.globalAlpha = 0.42 - 0.34 * night
  for (const { x, y, size, speed } of CLOUDS) {
    const unit = size * height
    const left = (((x + time * speed) % 1.6) - 0.3) * width
    // A single path: overlapping parts are not brighter.
    context.beginPath()
    for (const [dx, dy, radius] of CLOUD_PARTS) {
      context.moveTo(left + (dx + radius * 1.7) * unit, y * height + dy * unit)
      context.ellipse(
        left + dx * unit,
        y * height + dy * unit,
        radius * 1.7 * unit,
        radius * 0.62 * unit,
        0,
        0,
        2 * Math.PI,
      )
    }
    context.fill()
  }
  context.globalAlpha = 1
}

/** Draws a line of hills; nearer lines are lower and faster. */
function drawRidge({ context, time, width, height, shore }, color, index) {
  const base = height * (0.44 + 0.08 * index)
  const swing = height * (0.13 - 0.025 * index)
  const shift = time * (0.006 + 0.01 * index) + index * 7
  const step = Math.max(2, width / 240)
  context.fillStyle = color
  context.beginPath()
  context.moveTo(0, shore)
  for (let x = 0; x <= width + step; x += step) {
    const at = (x / height) * (1.3 + 0.5 * index) + shift
    const rise = Math.sin(at * 1.7) * 0.5 + Math.sin(at * 3.1 + 1) * 0.3 + Math.abs(Math.sin(at * 6.3 + 2)) * 0.16
    context.lineTo(x, base - rise * swing)
  }
  context.lineTo(width, shore)
  context.fill()
}

function drawViaduct({ context, width, height, unit, shore }, { stone }) {
  const top = height * 0.575
  const span = unit * 17
  context.fillStyle = stone
  context.beginPath()
  context.rect(0, top, width, shore - top)
  for (let left = -span / 2; left < width; left += span) {
    const radius = span * 0.41
    const middle = left + span / 2
    context.moveTo(middle - radius, shore)
    context.lineTo(middle - radius, top + unit * 2 + radius)
    context.arc(middle, top + unit * 2 + radius, radius, Math.PI, 0)
    context.lineTo(middle + radius, shore)
    context.closePath()
  }
  context.fill('evenodd')
  context.fillRect(0, top - unit * 0.5, width, unit)
}

/** Draws the lake, which mirrors the picture above it in strips that sway more the nearer they are. */
function drawWater({ context, time, width, height, shore }, { sky, night }) {
  const depth = height - shore
  const strip = Math.max(2, Math.round(height / 150))
  for (let y = 0; y < depth; y += strip) {
    const share = y / depth
    const sway = Math.sin(y / (height * 0.012) / (1 + 2 * share) + time * 2.2) * height * 0.006 * (0.3 + share)
    // Foreshortened: the lake shows the whole height of the picture in its own height.
    const source = Math.max(0, shore - (y + strip) * 1.5)
    context.drawImage(
      context.canvas,
      0,
      source,
      width,
      strip,
      sway - height * 0.01,
      shore + y,
      width + height * 0.02,
      strip,
    )
  }
  const tint = context.createLinearGradient(0, shore, 0, height)
  tint.addColorStop(0, `${sky[1]}30`)
  tint.addColorStop(1, `${sky[0]}d0`)
  context.fillStyle = tint
  context.fillRect(0, shore, width, depth)
  context.fillStyle = '#ffffff'
  for (let index = 0; index < 40; index++) {
    const share = noise(index + 800) ** 0.7
    const x = ((noise(index + 900) + time * 0.004 * (1 + share)) % 1) * width
    context.globalAlpha = (0.28 - 0.16 * night) * Math.max(0, Math.sin(time * (0.8 + noise(index)) + index))
    context.fillRect(x, shore + depth * share, height * (0.02 + 0.05 * share), Math.max(1, height * 0.003))
  }
  context.globalAlpha = 1
}

/** Returns the colors at a share of the day, interpolated. */
function lightAt(share) {
  const next = MOMENTS.findIndex(({ at }) => at > share)
  const to = MOMENTS[next === -1 ? 0 : next]
  const from = MOMENTS[(next === -1 ? MOMENTS.length : next) - 1]
  const end = next === -1 ? 1 : to.at
  const part = (share - from.at) / (end - from.at)
  const mixAll = (one, other) => one.map((color, index) => mix(color, other[index], part))
  return {
    share,
    sky: mixAll(from.sky, to.sky),
    ridges: mixAll(from.ridges, to.ridges),
    stone: mix(from.stone, to.stone, part),
    night: from.night + (to.night - from.night) * part,
  }
}
