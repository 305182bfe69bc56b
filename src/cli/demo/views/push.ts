import { accept_websocket, type View } from '../../../index.ts'

/** Pages send nothing to this view but heartbeats. */
const LISTENERS = { heartbeat: true, maxMessageSize: 125 }

/** Sends the time at every full second until the page is closed. */
export function push(page: View): View {
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    while (!request.websocket.is_closed()) {
      await request.websocket.send(new Date().toISOString())
      // Timers may fire a millisecond early: aim a little past the full second.
      await request.websocket.wait({ timeout: 1005 - (Date.now() % 1000) })
    }
  }, LISTENERS)
}
