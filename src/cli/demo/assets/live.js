import { ReconnectingWebSocket } from './client.js'
import { find, showAlert } from './page.js'
import { t } from './texts.js'

const TITLES = {
  connecting: t('Connecting…'),
  open: t('Connected'),
  lost: t('Connection lost, reconnecting…'),
  closing: t('Closing…'),
  closed: t('Closed'),
}

/**
 * Opens the connection of the page, which reconnects by itself. The elements #state and #alert show its state, the
 * button #toggle, if there is one, closes it and opens it again, and every element marked `data-needs-open` is enabled
 * only while it is open. `query` adds parameters to the address.
 */
export function connect({ query = {}, onOpen = () => {}, onMessage, onState = () => {}, ...options }) {
  const address = new URL(location.href)
  address.search = String(new URLSearchParams(query))
  // The views of these pages have the option `heartbeat`.
  const socket = new ReconnectingWebSocket(address, { heartbeatInterval: 30_000, ...options })
  socket.binaryType = 'arraybuffer'
  const show = (state) => {
    showState(state)
    onState(state)
  }
  socket.onopen = () => {
    showAlert('')
    show('open')
    onOpen()
  }
  socket.onmessage = ({ data }) => onMessage(data)
  socket.onreconnecting = ({ code, reason }) => {
    show('lost')
    showAlert(explainClose(code, reason))
  }
  socket.onclose = ({ code, reason }) => {
    show('closed')
    if (code !== 1000) showAlert(explainClose(code, reason))
  }
  find('toggle')?.addEventListener('click', () => {
    if (socket.readyState === WebSocket.CLOSED) {
      socket.reconnect()
      show('connecting')
    } else {
      socket.close()
      showState('closing')
    }
  })
  show('connecting')
  return socket
}

function showState(state) {
  find('state').dataset.state = state
  find('state').textContent = TITLES[state]
  for (const element of document.querySelectorAll('[data-needs-open]')) element.disabled = state !== 'open'
  if (find('toggle') === null) return
  find('toggle').textContent = state === 'closed' ? t('Connect') : t('Disconnect')
  find('toggle').disabled = state === 'closing'
}

/** Returns the reason for a close, as a sentence. */
function explainClose(code, reason) {
  const why = reason === '' ? '' : ` ${t('Reason: {0}', reason)}`
  if (code === 1001) return t('The server is going away (1001).') + why
  if (code === 1006) return t('The connection was lost without a Close frame (1006). Is the server running?')
  return t('The server closed the connection with code {0}.', code) + why
}

/** Returns an unguessable random string; `crypto.randomUUID` is not available on plain HTTP. */
export function makeKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Returns a value that is stored under `name` until the tab is closed; `make` creates it the first time. */
export function remember(name, make) {
  const value = sessionStorage.getItem(name) ?? make()
  sessionStorage.setItem(name, value)
  return value
}
