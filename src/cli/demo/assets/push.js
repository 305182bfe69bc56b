import { connect } from './live.js'
import { find } from './page.js'
import { formatTime, language } from './texts.js'

const SVG = 'http://www.w3.org/2000/svg'
const marks = Array.from({ length: 60 }, (_, second) => makeMark(second))
let receivedCount = 0
let lastArrival

connect({
  onMessage(text) {
    const time = new Date(text)
    const arrival = performance.now()
    receivedCount += 1
    find('time').textContent = formatTime(time)
    find('time').dateTime = text
    find('date').textContent = time.toLocaleDateString(language, { weekday: 'long', day: 'numeric', month: 'long' })
    find('received').textContent = String(receivedCount)
    find('ahead').textContent = `${time.getTime() - Date.now()} ms`
    if (lastArrival !== undefined) find('interval').textContent = `${Math.round(arrival - lastArrival)} ms`
    lastArrival = arrival
    light(time.getSeconds())
  },
  onState(state) {
    if (state !== 'open') lastArrival = undefined
  },
})

/** Lights the mark of `second`; later marks belong to the previous minute and are turned off. */
function light(second) {
  marks[second].classList.add('lit')
  for (const mark of marks.slice(second + 1)) mark.classList.remove('lit')
}

function makeMark(second) {
  const mark = document.createElementNS(SVG, 'line')
  for (const [name, value] of Object.entries({ x1: 100, y1: 6, x2: 100, y2: second % 5 === 0 ? 18 : 13 })) {
    mark.setAttribute(name, value)
  }
  mark.setAttribute('transform', `rotate(${second * 6} 100 100)`)
  find('ring').append(mark)
  return mark
}
