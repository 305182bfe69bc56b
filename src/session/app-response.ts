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
 * Creates the response that an app gets for an upgrade request (RFC 9110 §7.8). A response other than 2xx is sent
 * unchanged, with `Connection: close`, and then the stream is destroyed. A 2xx response has no meaning for a WebSocket
 * client, so it is replaced by 400. Once the request is accepted, the content of the response is discarded, and
 * `response.end()` closes the session of a handler that is not decorated. `response.destroy()` ends the connection, as
 * for plain HTTP, and closes such a session with 1011.
 *
 * When the HTTP server has other `'upgrade'` listeners, a 404 or 2xx leaves the request to them, because the app has no
 * WebSocket view at this path. Any other status is the decision of the app and is sent at once.
 *
 * @param session Returns the session of a handler that is not decorated. Default: none.
 */
export function makeAppResponse(upgrade: Upgrade, session: () => WebSocket | null = () => null): ServerResponse {
  const response = new ServerResponse(upgrade.request)
  let stream: Writable | null = null
  const decide = (): void => {
    // An informational response (1xx) is not a decision.
    if (upgrade.settled || !response.headersSent) return
    // Another listener may handle this path, and may decide later than the app.
    if (upgrade.shared && (isNoAnswer(response.statusCode) || isTaken(upgrade.stream))) {
      declineUpgrade(upgrade, refusals[404])
    } else if (response.statusCode < 300) upgrade.refuse(refusals.notAccepted)
    else stream = releaseUpgrade(upgrade)
  }
  const sink = new Writable({
    write(chunk, _encoding, done) {
      decide()
      // A peer that disconnects before the end of the response is not an error in the app.
      if (stream === null) done()
      else stream.write(chunk, () => done())
    },
    final(done) {
      done()
      if (stream !== null) return endResponse(stream)
      const failed = response.statusCode >= 500
      session()?.connection.close(failed ? CloseCode.INTERNAL_ERROR : CloseCode.NORMAL)
    },
    destroy(_error, done) {
      // The error is the app's own. An 'error' event would end the process, because nobody listens.
      done()
      if (sink.writableEnded) return
      if (stream !== null) stream.destroy()
      else if (!upgrade.settled) abort(upgrade)
      else session()?.connection.close(CloseCode.INTERNAL_ERROR)
    },
  })
  response.shouldKeepAlive = false
  response.setHeader('Connection', 'close')
  // ServerResponse uses only the Writable part of a socket.
  response.assignSocket(sink as Socket)
  response.once('finish', () => sink.end())
  // For an accepted request, the response stays usable after the peer has disconnected, so that `finish` handlers run.
  upgrade.stream.once('close', () => {
    if (stream !== null || !upgrade.settled) sink.destroy()
  })
  return response
}

/** Ends a request that the app has aborted, unless another listener handles it. */
function abort(upgrade: Upgrade): void {
  if (upgrade.shared && isTaken(upgrade.stream)) declineUpgrade(upgrade, refusals[404])
  else upgrade.stream.destroy()
}

/** Returns whether an app that responds with this status has no WebSocket view at the path of the request. */
function isNoAnswer(status: number): boolean {
  return status < 300 || status === 404
}
