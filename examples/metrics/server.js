import { subscribe } from 'node:diagnostics_channel'
import { createServer, formatMetrics, require_websocket } from 'dwebsocket'

/** How often requests were refused, by the code of the error. */
const refusals = {}
subscribe('dwebsocket:refusal', ({ error }) => {
  refusals[error.code] = (refusals[error.code] ?? 0) + 1
})

const echo = require_websocket(async ({ websocket }) => {
  for await (const message of websocket) websocket.send(message)
})

const server = createServer({
  urls: { '/echo': echo, '/metrics': () => formatMetrics(server.stats()), '/refusals': () => refusals },
})
await server.listen(8000)
process.once('SIGTERM', () => server.shutdown({ drain: 5_000, jitter: 2_000, deadline: 15_000 }))
