import { Talk } from './desk-talk.js'
import { connect, makeKey, remember } from './live.js'
import { find, onSubmit } from './page.js'

/** The name of the customer; null unless the page wants to be served. */
let wanted = null

const socket = connect({
  query: { key: remember('desk key', makeKey) },
  // Only one of several processes has the desk: the others ask the page to reconnect.
  minDelay: 250,
  maxDelay: 2000,
  onMessage(data) {
    const message = JSON.parse(data)
    if (message.entries === undefined) showState(message)
    else hear(message)
  },
})
const talk = new Talk('customer', socket)

const send = (message) => socket.send(JSON.stringify(message))

function hear({ ticket, entries }) {
  if (ticket !== talk.ticket) begin(ticket)
  talk.show(entries)
}

/** A replacement ticket: the desk has lost the first one. */
function begin(ticket) {
  const isContinued = wanted !== null && talk.ticket !== null
  if (isContinued) talk.note('The desk had lost your place, so you are in line again.')
  talk.begin(ticket, isContinued)
}

function showState(state) {
  const { ticket, heard, waiting, agents, isFull, endedTicket } = state
  find('waiting').textContent = String(waiting)
  find('agents').textContent = String(agents)
  find('enter-button').disabled = isFull
  if (ticket !== null) {
    if (ticket !== talk.ticket) begin(ticket)
    wanted ??= find('name').value
    talk.catchUp(heard)
  } else if (talk.ticket !== null && talk.ticket === endedTicket) {
    wanted = null
    talk.begin(null)
  } else if (wanted !== null) send({ name: wanted })
  showStage(state)
}

function showStage(state) {
  const isInside = wanted !== null
  find('banner').textContent = describeStage(state)
  find('composer').hidden = !isInside
  find('leave').hidden = !isInside
  find('enter').hidden = isInside
  find('log').hidden = !isInside && find('log').childElementCount === 0
}

function describeStage({ place, agent, with: partner, isFull }) {
  if (agent !== null)
    return `${agent} ${partner.isAway ? 'was disconnected; somebody will be back soon.' : 'is there for you.'}`
  if (place === 1) return 'You are next.'
  if (place > 1) return `You are number ${place} in line.`
  if (wanted !== null) return 'Getting in line…'
  if (find('log').childElementCount > 0) return 'The conversation is over.'
  return isFull ? 'The line is full. Please come back later.' : 'How can we help you?'
}

find('enter').addEventListener('submit', (event) => {
  event.preventDefault()
  const [name, topic] = [find('name').value.trim(), find('topic').value.trim()]
  if (name === '' || topic === '') return
  wanted = name
  sessionStorage.setItem('desk name', name)
  talk.say(topic, true)
  find('topic').value = ''
  send({ name })
  showStage({ place: 0, agent: null, isFull: false })
})

find('leave').addEventListener('click', () => send({ leave: true }))

onSubmit((text) => {
  if (text.trim() === '') return false
  talk.say(text)
  return true
})

find('name').value = sessionStorage.getItem('desk name') ?? ''
