import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeCertificate } from './certificate.ts'
import { loadLibrary } from './library.ts'
import { announce, HOST, PING_INTERVAL, readSettings } from './support.ts'

type Library = Awaited<ReturnType<typeof loadLibrary>>
type Server = ReturnType<Library['createServer']>
type Connection = Parameters<Server['onConnection']>[0]
type Data = string | Buffer

/**
 * This library with its default limits. `BENCH_API=session` uses the session API, `BENCH_API=borrowed` borrowed
 * messages, `BENCH_API=streamed` messages in parts, and `BENCH_API=borrowed-parts` borrowed parts. `BENCH_HTTP=1` uses
 * node:http, and `BENCH_TLS=1` TLS with HTTP/2 and HTTP/1.1. Broadcasts use a room.
 */
const settings = readSettings()
const options = {
  maxMessageSize: settings.maxMessage,
  deflate: settings.deflate,
  pingInterval: settings.mode === 'keepalive' ? PING_INTERVAL : undefined,
  ...(process.env.BENCH_TLS === '1' && { http2: makeCertificate() }),
}

const answerTo = (data: Data): Data => (settings.mode === 'echo' ? data : String(data.length))

function serveConnections({ createServer }: Library): Server {
  const server = createServer(options)
  const answer = (connection: Connection, data: Data, options?: { binary: boolean }): void => {
    if (connection.send(answerTo(data), options) === 'sent') return
    connection.pause()
    void connection.drained().then(() => connection.resume())
  }
  const asText = { binary: false }
  server.onConnection = (connection) => {
    if (process.env.BENCH_API === 'borrowed') {
      connection.onBorrowedMessage = (bytes, isBinary) => answer(connection, bytes, isBinary ? undefined : asText)
      return
    }
    if (process.env.BENCH_API === 'streamed') return countParts(connection, 'onPart')
    if (process.env.BENCH_API === 'borrowed-parts') return countParts(connection, 'onBorrowedPart')
    connection.onMessage = (data) => answer(connection, data)
  }
  return server
}

/** Replies to each message with its length, without storing all of it. */
function countParts(connection: Connection, callback: 'onPart' | 'onBorrowedPart'): void {
  connection.streamMessages(() => {
    let length = 0
    return {
      [callback](part: Data) {
        length += part.length
      },
      onEnd: () => void connection.send(String(length)),
    }
  })
}

function serveRoom({ createServer, require_websocket, Rooms }: Library): Server {
  const room = new Rooms().room('everybody')
  const view = require_websocket(async (request) => {
    const session = request.websocket
    await room.join(session)
    for await (const message of session) room.broadcast(message)
  })
  return createServer({ ...options, urls: { '*': view } })
}

function serveSessions({ createServer, require_websocket }: Library): Server {
  const view = require_websocket(async (request) => {
    const session = request.websocket
    for await (const message of session) await session.send(answerTo(message))
  })
  return createServer({ ...options, urls: { '*': view } })
}

function makeServer(library: Library): Server {
  if (settings.mode === 'broadcast') return serveRoom(library)
  return process.env.BENCH_API === 'session' ? serveSessions(library) : serveConnections(library)
}

async function start(): Promise<void> {
  const library = await loadLibrary()
  const server = makeServer(library)
  if (process.env.BENCH_HTTP !== '1') {
    const address = (await server.listen(0, HOST)) as AddressInfo
    return announce(address.port, '')
  }
  const httpServer = createHttpServer()
  server.attach(httpServer)
  httpServer.listen(0, HOST, 4096, () => announce((httpServer.address() as AddressInfo).port, ''))
}

void start()
