import { connect } from './live.js'
import { find, makeEntry, onSubmit, prependEntry } from './page.js'
import { formatTime, t } from './texts.js'

let sentCount = 0

const socket = connect({
  onMessage(data) {
    const { text, time, visitorCount } = JSON.parse(data)
    const who = t(visitorCount === 1 ? '{0} visitor' : '{0} visitors', visitorCount)
    sentCount += 1
    find('sent').textContent = String(sentCount)
    find('reached').textContent = who
    prependEntry(makeEntry('notice', text, ['small', t('{0}, to {1}', formatTime(new Date(time)), who)]))
  },
})

onSubmit((text) => {
  socket.send(text)
  return true
})
