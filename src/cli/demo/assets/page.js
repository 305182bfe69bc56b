/** Shared by the demo pages: the connection with its status line, the log, the form. */

const MAX_LOG_ENTRIES = 200
const STATES = ['connecting', 'open', 'closing', 'closed']
const TITLES = { connecting: 'Connecting…', open: 'Connected', closing: 'Closing…', closed: 'Closed', lost: 'Lost' }

export const find = (id) => document.getElementById(id)

export const formatTime = (date = new Date()) => date.toLocaleTimeString(undefined, { hourCycle: 'h23' })

export const formatBytes = (count) => `${count.toLocaleString('en')} ${count === 1 ? 'byte' : 'bytes'}`

// On a phone the navigation is wider than the screen.
document.querySelector('.top [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })

/**
 * Holds one WebSocket to the address of this page. The elements #state, #toggle and #alert show its state and open or
 * close it; every element marked `data-needs-open` is enabled only while it is open.
 */
export class PageSocket {
  /** The current WebSocket; a new one after each connect. */
  socket
  #onMessage
  #onState

  constructor({ onMessage, onState = () => {} }) {
    this.#onMessage = onMessage
    this.#onState = onState
    find('toggle').addEventListener('click', () => this.#toggle())
    this.#connect()
  }

  get state() {
    return STATES[this.socket.readyState]
  }

  /** Sends, or shows why it cannot; returns whether it was sent. */
  send(data) {
    if (this.state !== 'open') {
      showAlert('Not sent: there is no connection. Press “Connect” and try again.')
      return false
    }
    this.socket.send(data)
    return true
  }

  #connect() {
    const address = new URL(location.href)
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    address.search = ''
    address.hash = ''
    const socket = new WebSocket(address)
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    showAlert('')
    this.#show(this.state)
    socket.addEventListener('open', () => this.#show('open'))
    socket.addEventListener('message', ({ data }) => this.#onMessage(data))
    socket.addEventListener('close', ({ code, reason }) => {
      if (code === 1000 || code === 1005) return this.#show('closed')
      this.#show('lost')
      showAlert(explainClose(code, reason))
    })
  }

  #toggle() {
    if (this.state === 'closed') return this.#connect()
    this.socket.close(1000)
    if (this.state === 'closing') this.#show('closing')
  }

  #show(state) {
    find('state').dataset.state = state
    find('state').textContent = TITLES[state]
    const isDown = state === 'closed' || state === 'lost'
    find('toggle').textContent = isDown ? 'Connect' : 'Disconnect'
    find('toggle').disabled = state === 'closing'
    for (const element of document.querySelectorAll('[data-needs-open]')) element.disabled = state !== 'open'
    this.#onState(state)
  }
}

/** The reason of a close, in a sentence. */
export function explainClose(code, reason) {
  const why = reason === '' ? '' : ` “${reason}”`
  if (code === 1001) return `The server is going away (1001).${why}`
  if (code === 1006) return 'The connection was lost without a Close frame (1006). Is the server running?'
  return `The server closed the connection with code ${code}.${why}`
}

/** Shows an error under the status line; an empty text removes it. */
export function showAlert(text) {
  find('alert').textContent = text
  find('alert').hidden = text === ''
}

/** A log entry of `parts`: strings, and `[tag, text]` pairs for elements. */
export function makeEntry(className, ...parts) {
  const entry = document.createElement('div')
  entry.className = className
  for (const part of parts) {
    if (typeof part === 'string') {
      entry.append(part)
      continue
    }
    const element = document.createElement(part[0])
    element.textContent = part[1]
    entry.append(element)
  }
  return entry
}

/** Appends an entry to #log, or inserts it before another, and scrolls to it unless the reader has scrolled up. */
export function appendEntry(entry, before = null) {
  const log = find('log')
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40
  log.insertBefore(entry, before)
  while (log.children.length > MAX_LOG_ENTRIES) log.firstElementChild.remove()
  if (isAtEnd) log.scrollTop = log.scrollHeight
}

/** Inserts an entry at the top of #log. */
export function prependEntry(entry) {
  const log = find('log')
  log.prepend(entry)
  while (log.children.length > MAX_LOG_ENTRIES) log.lastElementChild.remove()
}

/** Calls `onText` with the text of #text whenever #composer is submitted; the field is emptied when it returns true. */
export function onSubmit(onText) {
  const field = find('text')
  find('composer').addEventListener('submit', (event) => {
    event.preventDefault()
    if (field.value !== '' && onText(field.value)) field.value = ''
    field.focus()
  })
}
