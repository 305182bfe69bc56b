import { accept_websocket, type View } from '../../../index.ts'
import { sendText } from '../static.ts'

/** Echoes every message. `GET /echo?message=hi` responds with `hi` over plain HTTP. */
export function echo(page: View): View {
  return accept_websocket(async (request, response) => {
    if (request.is_websocket()) {
      for await (const message of request.websocket) await request.websocket.send(message)
      return
    }
    const message = request.query.get('message')
    if (message === null) return page(request, response)
    sendText(response, message)
  })
}
