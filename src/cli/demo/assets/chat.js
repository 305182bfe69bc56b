import { readEnvelopeId } from './client.js'
import { connect, makeKey, remember } from './live.js'
import { appendEntry, find, makeEntry, onSubmit, showAlert } from './page.js'
import { formatTime, t } from './texts.js'

/** Maximum number of messages that wait for the server. */
const MAX_WAITING = 200
/** Messages sent back within this many milliseconds before a loss may not have reached others. */
const DOUBTFUL = 5000
/** Milliseconds after which a private message is sent again: its recipient may have been away. */
const WHISPER_INTERVAL = 5000

/** Distinguishes this page from an earlier one in the same tab: message numbers start again. */
const thisPage = makeKey()
const place = new URLSearchParams(location.search).get('room')?.trim().slice(0, 40) || t('Lobby')
const name = remember('chat name', () => t('Guest {0}', Math.floor(1000 + Math.random() * 9000)))
const query = { name, room: place, key: remember('chat key', makeKey), page: thisPage }

/** Unconfirmed messages, in order: `{ n, text, to, entry }`. */
const waiting = []
/** The last number received from each page. */
const heard = new Map()
let me
let people = []
/** The list of people as it was received last. */
let shownPeople = ''
let lastNumber = 0
let hasBegun = false
/** Whether the page has joined the room: messages wait until then, to stay in order. */
let isIn = false
/** When the connection was lost, until the page has joined again. */
let lostAt
/** The last confirmed messages of this page to the room. */
const settled = []

const socket = connect({
  query,
  lastId: readEnvelopeId,
  onState(state) {
    isIn = false
    if (state === 'lost') lostAt ??= performance.now()
  },
  onMessage(data) {
    const message = JSON.parse(data)
    if (message.data !== undefined) return hear(JSON.parse(message.data))
    if (message.gap) return showGap()
    if (message.me !== undefined) me = message.me
    else if (message.joined) onJoined(message.isComplete)
    else if (message.people !== undefined) showPeople(message)
    else if (message.whisper !== undefined) hearWhisper(message.whisper)
    else settle(({ n, to }) => message.page === thisPage && n === message.received && to?.id === message.by)
  },
})

/** Sends all messages to the room at once, and private ones one after the other, so that they arrive in order. */
const isNext = ({ to, n }) => to === undefined || waiting.find((said) => said.to?.id === to.id).n === n

function offer({ n, text, to }) {
  if (isIn) socket.send(JSON.stringify({ n, text, to: to?.id }))
}

/**
 * The page has joined again and received what it missed. Where the server has lost its history, messages confirmed just
 * before may not have reached others: they are sent again as well.
 */
function onJoined(isComplete) {
  isIn = true
  const isDoubtful = ({ settledAt }) => lostAt !== undefined && settledAt > lostAt - DOUBTFUL
  if (!isComplete && hasBegun) settled.filter(isDoubtful).forEach(offer)
  waiting.filter(isNext).forEach(offer)
  hasBegun = true
  lostAt = undefined
}

const offerWhispers = () => waiting.filter((said) => said.to !== undefined && isNext(said)).forEach(offer)

/** Returns whether a message is new: messages that are sent again after a lost connection may arrive twice. */
function isNew({ from, page, n }, kind) {
  const key = `${kind} ${from.id} ${page}`
  if (n <= (heard.get(key) ?? 0)) return false
  heard.set(key, n)
  return true
}

function hear(said) {
  if (!isNew(said, 'room')) return
  const time = formatTime(new Date(said.time))
  if (said.page === thisPage && said.from.id === me.id) return settle(({ to, n }) => to === undefined && n === said.n)
  const isMine = said.from.id === me.id
  showEntry(isMine ? makeEntry('message mine', said.text, ['small', time]) : makeSaid(said, time))
}

function hearWhisper(said) {
  // A repeated message also gets a receipt, because the first receipt may be lost.
  socket.send(JSON.stringify({ received: said.n, from: said.from.id, page: said.page }))
  if (!isNew(said, 'whisper')) return
  showEntry(makeSaid(said, t('{0}, only to you', formatTime(new Date(said.time))), 'message whisper'))
}

/** Called when the message that satisfies `matches` is confirmed. Moves it before the waiting ones. */
function settle(matches) {
  const said = waiting.find(matches)
  if (said === undefined) return
  waiting.splice(waiting.indexOf(said), 1)
  said.entry.classList.remove('waiting')
  said.entry.querySelector('small').textContent = describe(said, formatTime())
  showEntry(said.entry)
  if (said.to === undefined) {
    settled.push({ ...said, settledAt: performance.now() })
    if (settled.length > MAX_WAITING) settled.shift()
  }
  const next = waiting.find(({ to }) => to !== undefined && to.id === said.to?.id)
  if (next !== undefined) offer(next)
}

const describe = ({ to }, time) => (to === undefined ? time : t('{0}, only to {1}', time, to.name))

function makeSaid({ from, text }, note, className = 'message') {
  const entry = makeEntry(className, ['b', from.name], text, ['small', note])
  entry.style.setProperty('--who', colorOf(from))
  return entry
}

const colorOf = ({ id }) => `oklch(var(--who-light) 0.14 ${Number.parseInt(id.slice(0, 6), 16) % 360})`

const showEntry = (entry) => appendEntry(entry, waiting[0]?.entry)

/** Shows that messages may be missing. A first connection has missed nothing. */
function showGap() {
  if (hasBegun) showEntry(makeEntry('gap', t('The server has lost its history: messages may be missing here.')))
}

function showPeople({ count, people: here }) {
  find('people').textContent = String(count)
  offerWhispers()
  const received = JSON.stringify(here)
  // Several processes repeat the list: a button must not be replaced under the pointer or lose focus.
  if (received === shownPeople) return
  shownPeople = received
  people = here.sort((one, other) => one.name.localeCompare(other.name) || (one.id < other.id ? -1 : 1))
  find('here').replaceChildren(...people.map(makePersonItem))
  showRecipients()
}

function makePersonItem(person) {
  const item = document.createElement('li')
  const entry = document.createElement(person.id === me.id ? 'span' : 'button')
  entry.textContent = person.id === me.id ? t('{0} (you)', person.name) : person.name
  item.style.setProperty('--who', colorOf(person))
  if (person.id !== me.id) {
    entry.type = 'button'
    entry.title = t('Write to {0} only', person.name)
    entry.addEventListener('click', () => {
      find('to').value = person.id
      find('text').focus()
    })
  }
  item.append(entry)
  return item
}

/**
 * Shows the list of recipients. The chosen one stays chosen even while away: a private reply must not go to everybody.
 */
function showRecipients() {
  const select = find('to')
  const chosen = select.selectedOptions[0]
  const options = people.filter(({ id }) => id !== me.id).map(({ id, name }) => makeOption(id, name))
  const isAway = chosen.value !== '' && options.every(({ value }) => value !== chosen.value)
  select.replaceChildren(new Option(t('Everyone'), ''), ...options, ...(isAway ? [chosen] : []))
  select.value = chosen.value
}

function makeOption(id, name) {
  const option = new Option(t('Only {0}', name), id)
  option.dataset.name = name
  return option
}

function findRecipient() {
  const { value, dataset } = find('to').selectedOptions[0]
  return value === '' ? undefined : { id: value, name: dataset.name }
}

onSubmit((text) => {
  if (text.trim() === '') return false
  if (waiting.length === MAX_WAITING || socket.readyState === WebSocket.CLOSED) {
    showAlert(t('Not sent: too many messages are waiting for the server.'))
    return false
  }
  lastNumber += 1
  const to = findRecipient()
  const said = { n: lastNumber, text, to }
  said.entry = makeEntry(`message mine waiting${to === undefined ? '' : ' whisper'}`, text, [
    'small',
    describe(said, t('sending…')),
  ])
  waiting.push(said)
  appendEntry(said.entry)
  if (isNext(said)) offer(said)
  return true
})

find('place').textContent = place
find('room').value = place
find('name').value = name
find('move').addEventListener('submit', () => sessionStorage.setItem('chat name', find('name').value.trim() || name))
setInterval(offerWhispers, WHISPER_INTERVAL)
addEventListener('beforeunload', (event) => {
  if (waiting.length > 0) event.preventDefault()
})
