import { appendEntry, find, formatTime, makeEntry } from './page.js'

/** One side of a conversation at the desk: messages arrive once and in order, across reconnections. */
export class Talk {
  /** The number of the ticket, `null` without one. */
  ticket = null
  #role
  #socket
  /** All messages of this side: `{ n, text, entry, isEarly, isSettled }`; settled when confirmed by the desk. */
  #said = []
  #lastNumber = 0
  #lastEntry = 0
  #isBehind = true

  constructor(role, socket) {
    this.#role = role
    this.#socket = socket
    socket.addEventListener('open', () => {
      this.#isBehind = true
    })
  }

  /** Starts a ticket; with `isContinued` it replaces a lost one, and all messages are sent again. */
  begin(ticket, isContinued = false) {
    this.ticket = ticket
    this.#lastEntry = 0
    this.#isBehind = true
    if (isContinued) return
    const lost = this.#said.filter(({ isSettled, isEarly }) => !isSettled && !isEarly)
    for (const { entry } of lost) entry.querySelector('small').textContent = 'not delivered: the conversation was over'
    this.#said = this.#said.filter(({ isEarly }) => isEarly)
    if (ticket === null) return
    find('log').replaceChildren(...this.#said.map(({ entry }) => entry))
    for (const said of this.#said) said.isEarly = false
  }

  /** Sends a message; `isEarly` when there is no ticket yet. */
  say(text, isEarly = false) {
    this.#lastNumber += 1
    const entry = makeEntry('message mine waiting', text, ['small', 'on its way'])
    const said = { n: this.#lastNumber, text, entry, isEarly }
    this.#said.push(said)
    appendEntry(entry)
    if (!isEarly) this.#send(said)
  }

  /** The desk has received everything up to `heard`: sends the rest again, once per connection and ticket. */
  catchUp(heard) {
    this.#lastNumber = Math.max(this.#lastNumber, heard)
    if (!this.#isBehind) return
    this.#isBehind = false
    for (const said of this.#said) if (said.n > heard) this.#send(said)
  }

  /** Shows the entries of the desk, with `myName` as the name of this side; known ones are ignored. */
  show(entries, myName) {
    for (const entry of entries) {
      if (entry.id <= this.#lastEntry) continue
      this.#lastEntry = entry.id
      const isMine = entry.from === this.#role && (this.#role === 'customer' || entry.name === myName)
      if (isMine) this.#settle(entry)
      else this.#place(makeOther(entry))
    }
  }

  note(text) {
    this.#place(makeEntry('gap', text))
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

  #send({ n, text }) {
    if (this.ticket !== null && this.#socket.readyState === WebSocket.OPEN)
      this.#socket.send(JSON.stringify({ n, text }))
  }
}

function makeOther({ from, name, text, time }) {
  if (from === 'desk') return makeEntry('note', text)
  return makeEntry('message', ['b', name], text, ['small', formatTime(new Date(time))])
}
