import { open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { createServer, require_websocket } from 'dwebsocket'

const path = new URL('lines.txt', import.meta.url)

const tail = require_websocket(async ({ websocket }) => {
  const file = await open(path)
  const decoder = new StringDecoder()
  const buffer = Buffer.alloc(64 * 1024)
  try {
    let { size: position } = await file.stat()
    while (!websocket.is_closed()) {
      const { bytesRead } = await file.read({ buffer, position })
      position += bytesRead
      if (bytesRead > 0) await websocket.send(decoder.write(buffer.subarray(0, bytesRead)))
      else await websocket.wait({ timeout: 200 })
    }
  } finally {
    await file.close()
  }
})

const server = createServer({ urls: { '/tail': tail } })
await server.listen(8000)
