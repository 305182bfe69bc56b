import { appendEntry, find, formatBytes, makeEntry, onSubmit, PageSocket } from './page.js'

const LARGE_BYTES = 512 * 1024
const MAX_SHOWN_CHARACTERS = 500

/** The send times of messages without an echo, oldest first; echoes arrive in order. */
let sentAt = []
let sentCount = 0
let receivedCount = 0

const page = new PageSocket({
  onMessage(data) {
    receivedCount += 1
    const took = performance.now() - sentAt.shift()
    appendEntry(makeEntry('message', describe(data), ['small', `back after ${took.toFixed(1)} ms`]))
  },
  onState(state) {
    if (state === 'connecting') sentAt = []
  },
})

function send(data) {
  if (!page.send(data)) return false
  sentAt.push(performance.now())
  sentCount += 1
  appendEntry(makeEntry('message mine', describe(data)))
  return true
}

function describe(data) {
  if (typeof data !== 'string') return `binary, ${formatBytes(data.byteLength)}`
  return data.length > MAX_SHOWN_CHARACTERS ? `${data.slice(0, MAX_SHOWN_CHARACTERS)}…` : data
}

function showFacts() {
  const { readyState, bufferedAmount } = page.socket
  showFact('ready-state', `${readyState} ${page.state}`)
  showFact('buffered-amount', formatBytes(bufferedAmount))
  showFact('sent', String(sentCount))
  showFact('received', String(receivedCount))
  requestAnimationFrame(showFacts)
}

function showFact(id, text) {
  if (find(id).textContent !== text) find(id).textContent = text
}

onSubmit(send)
find('large').addEventListener('click', () => send(new Uint8Array(LARGE_BYTES)))
showFacts()
