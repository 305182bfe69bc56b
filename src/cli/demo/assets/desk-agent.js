import { nameOf, Talk } from './desk-talk.js'
import { find } from './page.js'
import { t } from './texts.js'

const talk = new Talk('agent', { onState: showState })

function showState({ you, line, free, ticket, heard, with: customer }) {
  if (ticket !== talk.ticket) talk.begin(ticket)
  if (ticket !== null) talk.catchUp(heard)
  find('you').textContent = nameOf(you)
  find('banner').textContent = describeCustomer(customer)
  find('log').dataset.empty = line.length === 0 ? t('Nobody is waiting.') : t('Take the next in line.')
  find('composer').hidden = ticket === null
  find('actions').hidden = ticket === null
  find('take').disabled = ticket !== null || line.length === 0
  find('waiting').textContent = String(line.length)
  find('line').replaceChildren(...line.map(makeLineItem))
  showFree(free.filter((other) => other !== you))
}

function describeCustomer(customer) {
  if (customer === null) return t('You are free.')
  return customer.isAway
    ? t('{0} was disconnected, and may come back.', customer.name)
    : t('You are talking to {0}.', customer.name)
}

function makeLineItem({ name, topic, isAway }) {
  const item = document.createElement('li')
  const [who, what] = [document.createElement('b'), document.createElement('span')]
  who.textContent = isAway ? t('{0} (disconnected)', name) : name
  what.textContent = topic
  item.append(who, what)
  return item
}

function showFree(names) {
  const select = find('other')
  const chosen = select.value
  select.replaceChildren(
    new Option(t('to the next free agent'), ''),
    ...names.map((name) => new Option(t('to {0}', nameOf(name)), name)),
  )
  select.value = names.includes(chosen) ? chosen : ''
}

find('take').addEventListener('click', () => talk.send({ take: true }))
find('end').addEventListener('click', () => talk.send({ end: true }))
find('hand-over').addEventListener('click', () => talk.send({ handOver: find('other').value }))
