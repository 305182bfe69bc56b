import { UsageError } from '../usage.ts'

/** A minimal echo server for each library. It reads the port from its argument, which `--exec 'CMD {port}'` passes. */
const snippets: Record<string, string> = {
  dwebsocket: `// node echo.mjs {port}
import { WebSocketServer } from 'dwebsocket'

const server = new WebSocketServer()
server.onConnection = (connection) => {
  connection.onMessage = (data) => connection.send(data)
}
await server.listen(Number(process.argv[2]), '127.0.0.1')
`,
  ws: `// node echo.mjs {port}
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' })
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
`,
  python: `# python echo.py {port}      (pip install websockets)
import asyncio, sys
from websockets.asyncio.server import serve

async def echo(connection):
    async for message in connection:
        await connection.send(message)

async def main():
    async with serve(echo, "127.0.0.1", int(sys.argv[1]), max_size=2**24) as server:
        await server.serve_forever()

asyncio.run(main())
`,
  go: `// go run echo.go {port}     (go get github.com/gorilla/websocket)
package main

import (
	"net/http"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func echo(w http.ResponseWriter, r *http.Request) {
	connection, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer connection.Close()
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			return
		}
		// This library leaves the UTF-8 check to its user (RFC 6455, section 8.1).
		if kind == websocket.TextMessage && !utf8.Valid(message) {
			reason := websocket.FormatCloseMessage(websocket.CloseInvalidFramePayloadData, "")
			connection.WriteControl(websocket.CloseMessage, reason, time.Now().Add(time.Second))
			return
		}
		if connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}

func main() {
	http.HandleFunc("/", echo)
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
`,
}

/** `conform snippet [NAME]`: prints a minimal echo server, or the known names. */
export function printSnippet([name]: readonly string[]): number {
  if (name === undefined) {
    process.stdout.write(`${Object.keys(snippets).join('\n')}\n`)
    return 0
  }
  if (!Object.hasOwn(snippets, name)) {
    throw new UsageError(`unknown snippet '${name}'; allowed: ${Object.keys(snippets).join(', ')}`)
  }
  process.stdout.write(snippets[name])
  return 0
}
