import { createServer as createHttpServer, type RequestListener } from 'node:http'
import type { WebSocketServer } from '../../src/server/server.ts'
import { type CreateServerOptions, createServer } from '../../src/session/create-server.ts'
import { type MiddlewareOptions, WebSocketMiddleware } from '../../src/session/middleware.ts'
import type { TestContext } from './unit.ts'
import { hostOf } from './ws-client.ts'

/**
 * A server on a free port of the loopback, which is closed when the test ends. `errors` has what was passed to
 * `onError`.
 */
export interface ServedSessions {
  server: WebSocketServer
  /** The address, such as `ws://127.0.0.1:1234`. */
  ws: string
  /** The address, such as `http://127.0.0.1:1234`. */
  http: string
  errors: unknown[]
}

/** Serves views. Errors are collected unless the options have `onError`. */
export async function serve(t: TestContext, options: CreateServerOptions): Promise<ServedSessions> {
  const errors: unknown[] = []
  const server = createServer({ onError: (error) => errors.push(error), ...options })
  const host = hostOf(await server.listen())
  t.after(() => server.close())
  return { server, ws: `ws://${host}`, http: `http://${host}`, errors }
}

/** Serves a connect-style app with the middleware. */
export async function serveApp(t: TestContext, app: RequestListener, options: MiddlewareOptions = {}) {
  const errors: unknown[] = []
  const server = createHttpServer(app)
  const middleware = new WebSocketMiddleware(server, { onError: (error) => errors.push(error), ...options })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    await middleware.server.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const host = hostOf(server.address())
  return { ws: `ws://${host}`, http: `http://${host}`, errors, middleware, host }
}
