import { createRequire } from 'node:module'
import { loadWs } from './library.ts'
import { announce, HOST, PING_INTERVAL, readSettings, reportMissingPackage, requirePeer } from './support.ts'

/**
 * npm ws: the echo server from its documentation. `WS_CORK=1` corks the writes of one tick. `WS_CALLBACK=1` passes a
 * callback for each message, as socket.io does. `WS_DROP_IN=1` replaces npm ws with `dwebsocket/ws`. The mode
 * `keepalive` uses the heartbeat from the documentation of npm ws.
 */
const settings = readSettings()
const isDropIn = process.env.WS_DROP_IN === '1'
const { peer, path, version } = isDropIn ? { peer: await loadWs(), path: '', version: '' } : requirePeer('ws')
if (!isDropIn && process.env.WS_NO_BUFFER_UTIL === undefined && !hasAddOn()) reportMissingPackage('bufferutil')
const isCorkedByHand = process.env.WS_CORK === '1'
const callback = process.env.WS_CALLBACK === '1' ? () => {} : undefined

const server = new peer.WebSocketServer({
  host: HOST,
  port: 0,
  maxPayload: settings.maxMessage,
  perMessageDeflate: settings.deflate,
})

// biome-ignore lint/suspicious/noExplicitAny: ws comes without types here
server.on('connection', (socket: any) => {
  socket.on('error', () => {})
  let corked = false
  const cork = (): void => {
    if (corked) return
    corked = true
    socket._socket.cork()
    process.nextTick(() => {
      corked = false
      socket._socket?.uncork()
    })
  }
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (settings.mode === 'broadcast') {
      for (const client of server.clients) client.send(data, { binary: isBinary })
      return
    }
    if (isCorkedByHand) cork()
    if (settings.mode === 'echo') socket.send(data, { binary: isBinary }, callback)
    else socket.send(String(isBinary ? data.length : data.toString().length))
  })
})
if (settings.mode === 'keepalive') {
  // biome-ignore lint/suspicious/noExplicitAny: ws comes without types here
  const alive = new WeakSet<any>()
  // biome-ignore lint/suspicious/noExplicitAny: ws comes without types here
  server.on('connection', (socket: any) => {
    alive.add(socket)
    socket.on('pong', () => alive.add(socket))
  })
  setInterval(() => {
    for (const client of server.clients) {
      if (!alive.delete(client)) client.terminate()
      else client.ping()
    }
  }, PING_INTERVAL)
}
server.on('listening', () => announce(server.address().port, version))

/** Returns whether the add-on of ws is installed, which ws does not report. */
function hasAddOn(): boolean {
  try {
    createRequire(path)('bufferutil')
    return true
  } catch {
    return false
  }
}
