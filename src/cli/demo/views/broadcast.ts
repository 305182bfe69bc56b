import { accept_websocket, type View } from '../../../index.ts'
import type { Audience } from '../audience.ts'

/** Texts of at most 2,000 characters; a page sends heartbeats to notice a lost connection. */
const SHORT_MESSAGES = { maxMessageSize: 8 * 1024, heartbeat: true }

/** Sends every message to everyone who has the page open, including its author. */
export function broadcast(page: View, people: Audience, nextNumber: () => number): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const number = nextNumber()
    await request.websocket.send(JSON.stringify({ you: number }))
    await people.stay(request.websocket, (message) => {
      void people.broadcast({ from: number, time: new Date().toISOString(), text: String(message) })
    })
  }, SHORT_MESSAGES)
}
