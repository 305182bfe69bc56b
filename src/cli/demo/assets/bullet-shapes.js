/** The colour at `part` of the way from one to another, all as `#rrggbb`. */
export function mix(from, to, part) {
  const channels = [1, 3, 5].map((at) => {
    const [one, other] = [from, to].map((color) => Number.parseInt(color.slice(at, at + 2), 16))
    return Math.round(one + (other - one) * part)
      .toString(16)
      .padStart(2, '0')
  })
  return `#${channels.join('')}`
}

/** Colours from the top down to `height`, at equal distances. */
export function gradient(context, height, colors) {
  const result = context.createLinearGradient(0, 0, 0, height)
  for (const [index, color] of colors.entries()) result.addColorStop(index / (colors.length - 1), color)
  return result
}

/** A filled rectangle with round corners. */
export function box(context, x, y, width, height, radius) {
  context.beginPath()
  context.roundRect(x, y, width, height, radius)
  context.fill()
}

/** A filled circle. */
export function disc(context, x, y, radius) {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

/** A number from 0 to 1 that is always the same for the same `seed`. */
export function noise(seed) {
  const value = Math.sin(seed * 127.1 + 311.7) * 43758.5453
  return value - Math.floor(value)
}
