import { box, disc } from './bullet-shapes.js'

/** Seconds from one train to the next, and until the front of one is at the right. */
const TRAIN_EVERY = 30
const TRAIN_TAKES = 19
const CARRIAGE_COUNT = 6

/** Draws the train at `time`: it enters from the left, crosses the viaduct and leaves; then there is a pause. */
export function drawTrain({ context, time, width, unit, height }, { stone, night }) {
  const deck = height * 0.575
  const carriage = unit * 15
  const length = carriage * (CARRIAGE_COUNT + 1)
  const way = (time % TRAIN_EVERY) / TRAIN_TAKES
  if (way > 1.25) return
  const front = way * (width + length)
  drawSmoke(context, front - unit * 3.4, deck - unit * 9, { unit, time, night })
  for (let index = 0; index < CARRIAGE_COUNT; index++) {
    const left = front - carriage * (index + 2)
    context.fillStyle = index % 2 === 0 ? '#a8433f' : '#8f3838'
    box(context, left + unit * 0.5, deck - unit * 6.4, carriage - unit, unit * 5.2, unit * 0.8)
    context.fillStyle = '#efe4cf'
    context.fillRect(left + unit * 0.5, deck - unit * 2.7, carriage - unit, unit * 0.4)
    context.fillStyle = night > 0.2 ? '#ffe49a' : '#cfe3ec'
    for (let at = 0; at < 5; at++)
      box(context, left + unit * (1.7 + at * 2.4), deck - unit * 5.4, unit * 1.6, unit * 2, unit * 0.3)
    wheels(context, [left + unit * 2.6, left + unit * 4.8, left + unit * 10.2, left + unit * 12.4], deck, unit)
  }
  drawEngine(context, front - carriage, deck, { unit, stone, night })
}

function drawEngine(context, left, deck, { unit, night }) {
  context.fillStyle = '#23262f'
  box(context, left + unit * 4.6, deck - unit * 5.2, unit * 9.4, unit * 4, unit * 1.4)
  box(context, left + unit * 0.6, deck - unit * 7.4, unit * 5, unit * 6.4, unit * 0.6)
  context.fillRect(left + unit * 10.8, deck - unit * 8.2, unit * 1.6, unit * 3.4)
  context.fillRect(left + unit * 10.3, deck - unit * 8.8, unit * 2.6, unit * 0.9)
  context.fillStyle = '#a8433f'
  context.fillRect(left + unit * 0.6, deck - unit * 1.7, unit * 13.8, unit * 0.6)
  context.fillStyle = night > 0.2 ? '#ffe49a' : '#cfe3ec'
  box(context, left + unit * 1.7, deck - unit * 6.2, unit * 2.4, unit * 2.2, unit * 0.3)
  wheels(
    context,
    [left + unit * 2.4, left + unit * 5.2, left + unit * 8, left + unit * 11.4, left + unit * 13.2],
    deck,
    unit,
  )
  if (night < 0.2) return
  const beam = context.createLinearGradient(left + unit * 14, 0, left + unit * 40, 0)
  beam.addColorStop(0, '#fff3c4a0')
  beam.addColorStop(1, '#fff3c400')
  context.fillStyle = beam
  context.beginPath()
  context.moveTo(left + unit * 14, deck - unit * 3.6)
  context.lineTo(left + unit * 40, deck - unit * 7)
  context.lineTo(left + unit * 40, deck)
  context.fill()
}

/** Draws the puffs of smoke, which rise from where the chimney was when each was emitted. */
function drawSmoke(context, x, y, { unit, time, night }) {
  context.fillStyle = night > 0.5 ? '#8f95b8' : '#ffffff'
  for (let index = 0; index < 16; index++) {
    const age = (index + ((time * 4) % 1)) / 16
    context.globalAlpha = 0.5 * (1 - age)
    const sway = Math.sin(index * 2.3 - Math.floor(time * 4) * 2.3) * unit
    disc(context, x - age * unit * 42, y - age * unit * 9 + sway * age, unit * (0.9 + age * 4))
  }
  context.globalAlpha = 1
}

function wheels(context, centers, deck, unit) {
  context.fillStyle = '#15171d'
  for (const x of centers) disc(context, x, deck - unit * 0.9, unit * 0.85)
}
