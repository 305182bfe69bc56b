import { Flight } from './bullet-flight.js'
import { drawScene } from './bullet-scene.js'
import { readEnvelopeId } from './client.js'
import { connect, makeKey, remember } from './live.js'
import { appendEntry, find, makeEntry, onSubmit } from './page.js'
import { formatCount, t } from './texts.js'

/** Maximum number of canvas pixels per CSS pixel. More would cost time without a visible difference. */
const MAX_SCALE = 2
/** The second that the still picture shows: a train at sunset. */
const STILL_TIME = 70

const key = remember('bullet-key', makeKey)
const stillness = matchMedia('(prefers-reduced-motion: reduce)')
const canvas = find('picture')
const context = canvas.getContext('2d')
const flight = new Flight(find('flight'), () => isStill)

let receivedCount = 0
let isPaused = false
// Stored separately: Chromium fires no change event when the new value was read from the query before.
let isStill = stillness.matches

const socket = connect({
  lastId: readEnvelopeId,
  onMessage(message) {
    const { data } = JSON.parse(message)
    // A gap in the history: older comments no longer fly.
    if (data === undefined) return
    const { text, color, key: writer } = JSON.parse(data)
    const own = writer === key ? ' own' : ''
    receivedCount += 1
    flight.add(text, `bullet ${color}${own}`)
    appendEntry(makeEntry(`said ${color}${own}`, text))
  },
})

onSubmit((text) => {
  const color = new FormData(find('composer')).get('color')
  if (text.trim() !== '') socket.send(JSON.stringify({ text, color, key }))
  return true
})

function showFrame() {
  if (!isPaused && !isStill) {
    drawPicture()
    flight.pump()
  }
  showFacts()
  requestAnimationFrame(showFrame)
}

/** Draws the picture at the time of the clock, so that all viewers see the same. */
function drawPicture() {
  drawScene(context, isStill ? STILL_TIME : Date.now() / 1000)
}

function showFacts() {
  showFact('received', receivedCount)
  showFact('flying', flight.flyingCount)
  showFact('waiting', flight.waitingCount)
}

function showFact(id, count) {
  const text = formatCount(count)
  if (find(id).textContent !== text) find(id).textContent = text
}

function showMotion() {
  find('pause').hidden = isStill
  find('still').hidden = !isStill
}

function fitCanvas() {
  const scale = Math.min(MAX_SCALE, devicePixelRatio)
  canvas.width = Math.round(canvas.clientWidth * scale)
  canvas.height = Math.round(canvas.clientHeight * scale)
  drawPicture()
}

function setPaused(isNowPaused) {
  isPaused = isNowPaused
  flight.pause(isPaused)
  find('pause').textContent = isPaused ? t('Play') : t('Pause')
}

find('pause').addEventListener('click', () => setPaused(!isPaused))
stillness.addEventListener('change', ({ matches }) => {
  isStill = matches
  // In this order: play() restarts a finished animation.
  setPaused(false)
  flight.clear()
  drawPicture()
  showMotion()
})
new ResizeObserver(fitCanvas).observe(canvas)
showMotion()
requestAnimationFrame(showFrame)
