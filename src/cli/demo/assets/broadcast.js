import { connect } from './live.js'
import { appendEntry, find, makeEntry, onSubmit } from './page.js'
import { formatTime, t } from './texts.js'

/** Degrees between the hues of two consecutive visitors: the golden angle keeps neighboring numbers distinct. */
const HUE_STEP = 137.5
let ownNumber

const socket = connect({
  onMessage(data) {
    const { you, people, from, text, time } = JSON.parse(data)
    if (you !== undefined) {
      ownNumber = you
      find('you').textContent = t('Visitor {0}', you)
    } else if (people !== undefined) {
      find('people').textContent = String(people)
    } else {
      showMessage(from, text, formatTime(new Date(time)))
    }
  },
  onState(state) {
    if (state === 'open') return
    find('you').textContent = '–'
    find('people').textContent = '–'
  },
})

function showMessage(from, text, time) {
  if (from === ownNumber) return appendEntry(makeEntry('message mine', text, ['small', time]))
  const entry = makeEntry('message', ['b', t('Visitor {0}', from)], text, ['small', time])
  entry.style.setProperty('--who', `oklch(var(--who-light) 0.14 ${(from * HUE_STEP) % 360})`)
  appendEntry(entry)
}

onSubmit((text) => {
  socket.send(text)
  return true
})
