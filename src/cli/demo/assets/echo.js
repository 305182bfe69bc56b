import { connect } from './live.js'
import { appendEntry, find, makeEntry, onSubmit } from './page.js'
import { formatBytes, t } from './texts.js'

const LARGE_BYTES = 512 * 1024
const MAX_SHOWN_CHARACTERS = 500
const STATES = ['connecting', 'open', 'closing', 'closed']

/** The send times of messages without an echo, oldest first; echoes arrive in order. */
let sentAt = []
let sentCount = 0
let receivedCount = 0

const socket = connect({
  // This view answers every message with the same message, heartbeats included.
  heartbeatInterval: 0,
  onMessage(data) {
    receivedCount += 1
    const took = performance.now() - sentAt.shift()
    appendEntry(makeEntry('message', describe(data), ['small', t('back after {0} ms', took.toFixed(1))]))
  },
  onState(state) {
    if (state !== 'open') sentAt = []
  },
})

function send(data) {
  socket.send(data)
  sentAt.push(performance.now())
  sentCount += 1
  appendEntry(makeEntry('message mine', describe(data)))
  return true
}

function describe(data) {
  if (typeof data !== 'string') return t('binary, {0}', formatBytes(data.byteLength))
  return data.length > MAX_SHOWN_CHARACTERS ? `${data.slice(0, MAX_SHOWN_CHARACTERS)}…` : data
}

function showFacts() {
  const { readyState, bufferedAmount } = socket
  showFact('ready-state', `${readyState} ${STATES[readyState]}`)
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
