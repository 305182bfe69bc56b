/** Returns the color at `part` (0 to 1) between two others, all as `#rrggbb`. */
export function mix(from, to, part) {
  const channels = [1, 3, 5].map((at) => {
    const [one, other] = [from, to].map((color) => Number.parseInt(color.slice(at, at + 2), 16))
    return Math.round(one + (other - one) * part)
      .toString(16)
      .padStart(2, '0')
  })
  return `#${channels.join('')}`
}

/** Returns a gradient of evenly spaced colors from the top down to `height`. */
export function gradient(context, height, colors) {
  const result = context.createLinearGradient(0, 0, 0, height)
  for (const [index, color] of colors.entries()) result.addColorStop(index / (colors.length - 1), color)
  return result
}

/** Draws a filled rectangle with rounded corners. */
export function box(context, x, y, width, height, radius) {
  context.beginPath()
  context.roundRect(x, y, width, height, radius)
  context.fill()
}

/** Draws a filled circle. */
export function disc(context, x, y, radius) {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

/** Returns a pseudo-random number from 0 to 1 that depends on `seed` only. */
export function noise(seed) {
  const value = Math.sin(seed * 127.1 + 311.7) * 43758.5453
  return value - Math.floor(value)
}
