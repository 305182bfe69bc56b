import { createHash } from 'node:crypto'
import { createServer, require_websocket } from 'dwebsocket'

const upload = require_websocket(async ({ websocket }) => {
  for (;;) {
    const message = await websocket.stream()
    if (message === null) return
    const hash = createHash('sha256')
    for await (const part of message) hash.update(part)
    await websocket.send(hash.digest('hex'))
  }
})

// Each part is a fragment, of which peers accept a limited number: a hundred lines in each.
async function* lines() {
  for (let number = 1; number <= 100_000; number += 100) {
    yield Array.from({ length: 100 }, (_, index) => `${number + index}\n`).join('')
  }
}

const download = require_websocket(async ({ websocket }) => {
  await websocket.send(lines())
  await websocket.close()
})

const server = createServer({ urls: { '/upload': upload, '/download': download } })
await server.listen(8000)
