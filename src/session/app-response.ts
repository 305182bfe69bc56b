import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, Writable } from 'node:stream'
import { CloseCode } from '../core/close-code.ts'
import { endAnswer, type Upgrade } from '../server/upgrade.ts'
import { refusals } from './router.ts'
import type { WebSocket } from './websocket.ts'

/**
 * The response that an app is given for an upgrade request (RFC 9110 §7.8). An answer other than 2xx goes out as it is,
 * with `Connection: close`, and the stream is destroyed after it. A 2xx would tell a WebSocket client nothing: it is
 * replaced by 400. Once the request was accepted what is written goes nowhere, and the end of it closes the session of
 * a handler that was not decorated, which `session` gives.
 */
export function makeAppResponse(upgrade: Upgrade, session: () => WebSocket | null): ServerResponse {
  const response = new ServerResponse(upgrade.request)
  let stream: Duplex | null = null
  const decide = (): void => {
    // An early hint is no answer yet.
    if (upgrade.settled || !response.headersSent) return
    if (response.statusCode < 300) upgrade.refuse(refusals.notAccepted)
    else stream = upgrade.release()
  }
  const sink = new Writable({
    write(chunk, _encoding, done) {
      decide()
      // An answer cut short by its reader is no error of the app.
      if (stream === null) done()
      else stream.write(chunk, () => done())
    },
    final(done) {
      done()
      if (stream !== null) return endAnswer(stream)
      const failed = response.statusCode >= 500
      session()?.connection.close(failed ? CloseCode.INTERNAL_ERROR : CloseCode.NORMAL)
    },
  })
  response.shouldKeepAlive = false
  response.setHeader('Connection', 'close')
  // Of a socket, ServerResponse uses what a Writable has.
  response.assignSocket(sink as Socket)
  response.once('finish', () => sink.end())
  upgrade.stream.once('close', () => sink.destroy())
  return response
}
