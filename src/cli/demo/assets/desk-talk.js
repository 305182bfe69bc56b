import { connect, makeKey, remember } from './live.js'
import { appendEntry, find, makeEntry, onSubmit } from './page.js'
import { formatTime, t } from './texts.js'

/** One side of a conversation at the desk: messages arrive once and in order, across reconnections. */
export class Talk {
  /** The number of the ticket, `null` without one. */
  ticket = null
  #role
  #socket
  #onTicket
  #onState
  /** The name of this side in the entries of the desk; only agents need it. */
  #name = ''
  /** All messages of this side: `{ n, text, entry, isEarly, isSettled }`; settled when confirmed by the desk. */
  #said = []
  #lastNumber = 0
  #lastEntry = 0
  #isBehind = true

  /**
   * Connects to the desk as `customer` or `agent`. `onState` receives each state of the desk; `onTicket` receives the
   * number of a ticket that is not the current one and calls `begin`.
   */
  constructor(role, { onState, onTicket = (ticket) => this.begin(ticket) }) {
    this.#role = role
    this.#onState = onState
    this.#onTicket = onTicket
    this.#socket = connect({
      query: { key: remember(`${role} key`, makeKey) },
      // Only one of several processes has the desk: the others ask the page to reconnect.
      minDelay: 250,
      maxDelay: 2000,
      onOpen: () => {
        this.#isBehind = true
      },
      onMessage: (data) => this.#hear(JSON.parse(data)),
    })
    onSubmit((text) => {
      if (text.trim() === '') return false
      this.say(text)
      return true
    })
  }

  /** Sends a request to the desk. */
  send(message) {
    this.#socket.send(JSON.stringify(message))
  }

  /** Starts a ticket; with `isContinued` it replaces a lost one, and all messages are sent again. */
  begin(ticket, isContinued = false) {
    this.ticket = ticket
    this.#lastEntry = 0
    this.#isBehind = true
    if (isContinued) return
    const lost = this.#said.filter(({ isSettled, isEarly }) => !isSettled && !isEarly)
    for (const { entry } of lost)
      entry.querySelector('small').textContent = t('not delivered: the conversation was over')
    this.#said = this.#said.filter(({ isEarly }) => isEarly)
    if (ticket === null) return
    find('log').replaceChildren(...this.#said.map(({ entry }) => entry))
    for (const said of this.#said) said.isEarly = false
  }

  /** Sends a message; `isEarly` when there is no ticket yet. */
  say(text, isEarly = false) {
    this.#lastNumber += 1
    const entry = makeEntry('message mine waiting', text, ['small', t('sending…')])
    const said = { n: this.#lastNumber, text, entry, isEarly }
    this.#said.push(said)
    appendEntry(entry)
    if (!isEarly) this.#offer(said)
  }

  /** The desk has received everything up to `heard`: sends the rest again, once per connection and ticket. */
  catchUp(heard) {
    this.#lastNumber = Math.max(this.#lastNumber, heard)
    if (!this.#isBehind) return
    this.#isBehind = false
    for (const said of this.#said) if (said.n > heard) this.#offer(said)
  }

  note(text) {
    this.#place(makeEntry('gap', text))
  }

  #hear(message) {
    const { ticket, entries, you } = message
    if (entries === undefined) {
      this.#name = you ?? ''
      this.#onState(message)
      return
    }
    if (ticket !== this.ticket) this.#onTicket(ticket)
    this.#show(entries)
  }

  /** Shows the entries of the desk; known ones are ignored. */
  #show(entries) {
    for (const entry of entries) {
      if (entry.id <= this.#lastEntry) continue
      this.#lastEntry = entry.id
      const isMine = entry.from === this.#role && (this.#role === 'customer' || entry.name === this.#name)
      if (isMine) this.#settle(entry)
      else this.#place(makeOther(entry))
    }
  }

  #settle({ n, text, time }) {
    let said = this.#said.find((one) => one.n === n)
    if (said === undefined) {
      // Sent before this page was loaded.
      said = { n, text, entry: makeEntry('message mine', text, ['small', '']) }
      this.#said.push(said)
      this.#lastNumber = Math.max(this.#lastNumber, n)
    }
    if (said.isSettled) return
    said.isSettled = true
    said.entry.classList.remove('waiting')
    said.entry.querySelector('small').textContent = formatTime(new Date(time))
    this.#place(said.entry)
  }

  #place(entry) {
    appendEntry(entry, this.#said.find(({ isSettled }) => !isSettled)?.entry)
  }

  #offer({ n, text }) {
    if (this.ticket !== null && this.#socket.readyState === WebSocket.OPEN) this.send({ n, text })
  }
}

/** Returns the name of a person; agents have a number instead of a name. */
export const nameOf = (name) => name.replace(/^Agent (\d+)$/, (_, number) => t('Agent {0}', number))

function makeOther({ from, name, text, note, time }) {
  if (from === 'desk') return makeEntry('note', t(note.text, ...note.names.map(nameOf)))
  return makeEntry('message', ['b', nameOf(name)], text, ['small', formatTime(new Date(time))])
}
