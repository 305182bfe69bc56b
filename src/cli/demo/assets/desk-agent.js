import { Talk } from './desk-talk.js'
import { connect, makeKey, remember } from './live.js'
import { find, onSubmit } from './page.js'

let name = ''

const socket = connect({
  query: { key: remember('agent key', makeKey) },
  // Only one of several processes has the desk: the others ask the page to reconnect.
  minDelay: 250,
  maxDelay: 2000,
  onMessage(data) {
    const message = JSON.parse(data)
    if (message.entries === undefined) showState(message)
    else hear(message)
  },
})
const talk = new Talk('agent', socket)

const send = (message) => socket.send(JSON.stringify(message))

function hear({ ticket, entries }) {
  if (ticket !== talk.ticket) talk.begin(ticket)
  talk.show(entries, name)
}

function showState({ you, line, free, ticket, heard, with: customer }) {
  name = you
  if (ticket !== talk.ticket) talk.begin(ticket)
  if (ticket !== null) talk.catchUp(heard)
  find('you').textContent = you
  find('banner').textContent = describeCustomer(customer)
  find('log').dataset.empty = line.length === 0 ? 'Nobody is waiting.' : 'Take the next in line.'
  find('composer').hidden = ticket === null
  find('actions').hidden = ticket === null
  find('take').disabled = ticket !== null || line.length === 0
  find('waiting').textContent = String(line.length)
  find('line').replaceChildren(...line.map(makeLineItem))
  showFree(free.filter((other) => other !== you))
}

function describeCustomer(customer) {
  if (customer === null) return 'You are free.'
  return customer.isAway
    ? `${customer.name} was disconnected, and may come back.`
    : `You are talking to ${customer.name}.`
}

function makeLineItem({ name, topic, isAway }) {
  const item = document.createElement('li')
  const [who, what] = [document.createElement('b'), document.createElement('span')]
  who.textContent = isAway ? `${name} (disconnected)` : name
  what.textContent = topic
  item.append(who, what)
  return item
}

function showFree(names) {
  const select = find('other')
  const chosen = select.value
  select.replaceChildren(
    new Option('to whoever is free next', ''),
    ...names.map((name) => new Option(`to ${name}`, name)),
  )
  select.value = names.includes(chosen) ? chosen : ''
}

find('take').addEventListener('click', () => send({ take: true }))
find('end').addEventListener('click', () => send({ end: true }))
find('hand-over').addEventListener('click', () => send({ handOver: find('other').value }))

onSubmit((text) => {
  if (text.trim() === '') return false
  talk.say(text)
  return true
})
