import { find, formatTime, makeEntry, onSubmit, PageSocket, prependEntry } from './page.js'

let sentCount = 0

const page = new PageSocket({
  onMessage(data) {
    const { text, time, visitorCount } = JSON.parse(data)
    const who = visitorCount === 1 ? '1 visitor' : `${visitorCount} visitors`
    sentCount += 1
    find('sent').textContent = String(sentCount)
    find('reached').textContent = who
    prependEntry(makeEntry('notice', text, ['small', `${formatTime(new Date(time))}, to ${who}`]))
  },
})

onSubmit((text) => page.send(text))
