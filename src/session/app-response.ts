import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { CloseCode } from '../core/close-code.ts'
import { isTaken } from '../server/shared-stream.ts'
import { declineUpgrade, releaseUpgrade, type Upgrade } from '../server/upgrade.ts'
import { endResponse } from '../server/upgrade-reply.ts'
import { refusals } from './router.ts'
import type { WebSocket } from './websocket.ts'

/**
 * Makes the response that an app gets for an upgrade request (RFC 9110 §7.8). A response other than 2xx is sent as it
 * is, with `Connection: close`, and the stream is destroyed after it. A 2xx means nothing to a WebSocket client: it is
 * replaced by 400. Once the request is accepted, what is written is discarded, and `response.end()` closes the session
 * of a handler that is not decorated.
 *
 * With other `'upgrade'` listeners on the HTTP server, a 404 and a 2xx leave the request to them: the app has nothing for
 * WebSocket clients at this path. Any other status is the app's decision, and sent at once.
 *
 * @param session Returns the session of a handler that is not decorated. Default: none.
 */
export function makeAppResponse(upgrade: Upgrade, session: () => WebSocket | null = () => null): ServerResponse {
  const response = new ServerResponse(upgrade.request)
  let stream: Writable | null = null
  const decide = (): void => {
    // An informational response (1xx) decides nothing.
    if (upgrade.settled || !response.headersSent) return
    // The path may be another listener's, which may decide later than the app.
    if (upgrade.shared && (isNoAnswer(response.statusCode) || isTaken(upgrade.stream))) {
      declineUpgrade(upgrade, refusals[404])
    } else if (response.statusCode < 300) upgrade.refuse(refusals.notAccepted)
    else stream = releaseUpgrade(upgrade)
  }
  const sink = new Writable({
    write(chunk, _encoding, done) {
      decide()
      // A peer that closes before the end of the response is not an error of the app.
      if (stream === null) done()
      else stream.write(chunk, () => done())
    },
    final(done) {
      done()
      if (stream !== null) return endResponse(stream)
      const failed = response.statusCode >= 500
      session()?.connection.close(failed ? CloseCode.INTERNAL_ERROR : CloseCode.NORMAL)
    },
  })
  response.shouldKeepAlive = false
  response.setHeader('Connection', 'close')
  // ServerResponse uses only the Writable part of a socket.
  response.assignSocket(sink as Socket)
  response.once('finish', () => sink.end())
  // The response of an accepted request still ends when its peer has left: `finish` handlers run.
  upgrade.stream.once('close', () => {
    if (stream !== null || !upgrade.settled) sink.destroy()
  })
  return response
}

/** Whether an app that responds with this status has no WebSocket at the path of the request. */
function isNoAnswer(status: number): boolean {
  return status < 300 || status === 404
}
