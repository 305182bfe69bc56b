import { accept_websocket, type View } from '../../../index.ts'
import type { Audience } from '../audience.ts'

/** Texts of at most 2,000 characters; a page sends heartbeats to notice a lost connection. */
const SHORT_MESSAGES = { maxMessageSize: 8 * 1024, heartbeat: true }

/** Serves the page of a visitor, which receives notices until it is closed. */
export function notice(page: View, visitors: Audience): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    await visitors.stay(request.websocket)
  }, SHORT_MESSAGES)
}

/** Serves the page of the operator. Sends each text to every visitor, and the number of visitors to the operator. */
export function operator(page: View, visitors: Audience): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    for await (const message of request.websocket) {
      const time = new Date().toISOString()
      const text = String(message)
      const visitorCount = await visitors.broadcast({ time, text })
      await request.websocket.send(JSON.stringify({ time, text, visitorCount }))
    }
  }, SHORT_MESSAGES)
}
