import { ReconnectingWebSocket } from './client.js'
import { explainClose, find, showAlert } from './page.js'

const TITLES = { connecting: 'Connecting…', open: 'Connected', lost: 'Lost, reconnecting…', closed: 'Closed' }

/**
 * A connection of the page that reconnects by itself. The elements #state and #alert show its state, and every element
 * marked `data-needs-open` is enabled only while it is open. `query` adds parameters to the address.
 */
export function connect({ query = {}, onOpen = () => {}, onMessage, onState = () => {}, ...options }) {
  const address = new URL(location.href)
  address.search = String(new URLSearchParams(query))
  // The views of these pages have the option `heartbeat`.
  const socket = new ReconnectingWebSocket(address, { heartbeatInterval: 30_000, ...options })
  socket.binaryType = 'arraybuffer'
  const show = (state) => {
    find('state').dataset.state = state
    find('state').textContent = TITLES[state]
    for (const element of document.querySelectorAll('[data-needs-open]')) element.disabled = state !== 'open'
    onState(state)
  }
  socket.onopen = () => {
    showAlert('')
    show('open')
    onOpen()
  }
  socket.onmessage = ({ data }) => onMessage(data)
  socket.onreconnecting = () => show('lost')
  socket.onclose = ({ code, reason }) => {
    show('closed')
    if (code !== 1000) showAlert(explainClose(code, reason))
  }
  show('connecting')
  return socket
}

/** An unguessable random string; `crypto.randomUUID` is not available on plain HTTP. */
export function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A value stored under `name` until the tab is closed; created by `make` the first time. */
export function remember(name, make) {
  const value = sessionStorage.getItem(name) ?? make()
  sessionStorage.setItem(name, value)
  return value
}
