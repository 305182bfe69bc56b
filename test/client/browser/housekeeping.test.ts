import { WebSocket as StockWebSocket } from 'ws'
import { type ClientEnvironment, ReconnectingWebSocket } from '../../../src/client/browser.ts'
import { type ConnectionLimits, WebSocketServer } from '../../../src/index.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'
import { hostOf } from '../../support/ws-client.ts'

const test = suite('browser client: limits of the server')

/**
 * Opens a client of a server with these limits. Resolves to the code of the first loss once the client is open again.
 */
async function returnsAfter(
  t: TestContext,
  limits: Partial<ConnectionLimits>,
  act: (client: ReconnectingWebSocket, stream: (bytes: Buffer) => void) => void = () => {},
): Promise<number> {
  const server = new WebSocketServer(limits)
  t.after(() => server.close())
  const sockets: StockWebSocket[] = []
  class WebSocket extends StockWebSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
    }
  }
  const client = new ReconnectingWebSocket(`ws://${hostOf(await server.listen())}`, {
    minDelay: 1,
    maxDelay: 2,
    environment: { WebSocket: WebSocket as unknown as ClientEnvironment['WebSocket'] },
  })
  t.after(() => client.close())
  return new Promise((resolve, reject) => {
    let code: number | undefined
    client.onopen = () => {
      if (code !== undefined) return resolve(code)
      act(client, (bytes) => (sockets[0] as unknown as { _socket: NodeJS.WritableStream })._socket.write(bytes))
    }
    client.onreconnecting = (event) => {
      code ??= event.code
    }
    client.onclose = (event) => reject(new Error(`closed for good: ${event.code} ${event.reason}`))
  })
}

test('a page returns after maxLifetime and idleTimeout, which close with 1001', async (t) => {
  assert.is(await returnsAfter(t, { maxLifetime: 50 }), 1001)
  assert.is(await returnsAfter(t, { idleTimeout: 50 }), 1001)
})

test('a page returns after the limits on slow messages, which close with 1013', async (t) => {
  const header = Buffer.from([0x81, 0xfe, 0x40])
  assert.is(await returnsAfter(t, { headerTimeout: 50 }, (_, write) => write(header)), 1013)
  const begun = Buffer.from([0x81, 0xfe, 0x40, 0, 1, 2, 3, 4, 5])
  assert.is(await returnsAfter(t, { messageTimeout: 50 }, (_, write) => write(begun)), 1013)
})

test('a page returns after a rate with overRate close, which closes with 1013', async (t) => {
  const limits = { messageRate: { perSecond: 0.01, burst: 1 }, overRate: 'close' } as const
  const flood = (client: ReconnectingWebSocket): void => {
    for (let i = 0; i < 5; i++) client.send('x')
  }
  assert.is(await returnsAfter(t, limits, flood), 1013)
})
