import { nameOf, Talk } from './desk-talk.js'
import { find } from './page.js'
import { t } from './texts.js'

/** The name of the customer; null unless the page wants to be served. */
let wanted = null

const talk = new Talk('customer', { onState: showState, onTicket: begin })

/** Called with the number of a new ticket, which also replaces a ticket that the desk has lost. */
function begin(ticket) {
  const isContinued = wanted !== null && talk.ticket !== null
  if (isContinued) talk.note(t('The desk lost your place, so you are in line again.'))
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
  } else if (wanted !== null) talk.send({ name: wanted })
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
  if (agent !== null) {
    return partner.isAway
      ? t('{0} was disconnected; an agent will be with you soon.', nameOf(agent))
      : t('{0} is helping you now.', nameOf(agent))
  }
  if (place === 1) return t('You are next.')
  if (place > 1) return t('You are number {0} in line.', place)
  if (wanted !== null) return t('Getting in line…')
  if (find('log').childElementCount > 0) return t('The conversation is over.')
  return isFull ? t('The line is full. Please come back later.') : t('How can we help you?')
}

find('enter').addEventListener('submit', (event) => {
  event.preventDefault()
  const [name, topic] = [find('name').value.trim(), find('topic').value.trim()]
  if (name === '' || topic === '') return
  wanted = name
  sessionStorage.setItem('desk name', name)
  talk.say(topic, true)
  find('topic').value = ''
  talk.send({ name })
  showStage({ place: 0, agent: null, isFull: false })
})

find('leave').addEventListener('click', () => talk.send({ leave: true }))

find('name').value = sessionStorage.getItem('desk name') ?? ''
