import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocketServer } from 'dwebsocket/ws'

/* What the programs that run a package on the drop-in share. */

export function expect(isTrue, what) {
  if (!isTrue) throw new Error(`failed: ${what}`)
}

/** Starts an HTTP server on a free port. Resolves to it and its address without the scheme. */
export async function listen(http = createServer()) {
  if (!http.listening) {
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
  }
  return { http, host: `127.0.0.1:${http.address().port}` }
}

/** Starts a server of the drop-in on a free port. */
export async function serve(options = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${server.address().port}` }
}

/** Sends text, bytes and 1 MiB to an echo by `WebSocket`, then 1,000 messages at once, and closes with a code. */
export async function tryEcho(WebSocket, url, what, protocols = []) {
  const socket = new WebSocket(url, protocols)
  await once(socket, 'open')
  for (const data of ['téxt', Buffer.from([0, 1, 255]), Buffer.alloc(1024 * 1024, 7)]) {
    socket.send(data)
    const [answer] = await once(socket, 'message')
    expect(Buffer.from(data).equals(answer), `${what} echoes ${typeof data === 'string' ? data : data.length}`)
  }
  const answers = []
  const all = new Promise((resolve) => {
    socket.on('message', (data) => answers.push(String(data)) === 1000 && resolve())
  })
  for (let number = 0; number < 1000; number++) socket.send(String(number))
  await all
  expect(
    answers.every((answer, number) => answer === String(number)),
    `${what} echoes 1,000 messages in order`,
  )
  socket.close(4001, 'bye')
  const [code] = await once(socket, 'close')
  expect(code === 4001 || code === 1005 || code === 1000, `${what} closes: ${code}`)
}
