import { connect } from './live.js'
import { find, makeEntry, prependEntry } from './page.js'
import { formatTime } from './texts.js'

let receivedCount = 0

connect({
  onMessage(data) {
    const { people, text, time } = JSON.parse(data)
    if (people !== undefined) {
      find('people').textContent = String(people)
      return
    }
    receivedCount += 1
    find('received').textContent = String(receivedCount)
    prependEntry(makeEntry('notice', text, ['small', formatTime(new Date(time))]))
  },
  onState(state) {
    if (state !== 'open') find('people').textContent = '–'
  },
})
