import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createServer, require_websocket, type WebSocket as Session } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import type { TestContext } from '../support/unit.ts'

/**
 * Starts a chat on an HTTP/2 server that also speaks HTTP/1.1. Every path except `/chat` responds with `html`.
 * `visitors` has the HTTP version and the origin of each handshake.
 */
export async function startHttp2Chat(t: TestContext, html: string) {
  const members = new Set<Session>()
  const visitors: string[] = []
  const view = require_websocket(async ({ websocket, httpVersion, headers }) => {
    members.add(websocket)
    visitors.push(`${httpVersion} ${headers.origin ?? 'no origin'}`)
    for await (const message of websocket) for (const member of members) member.send(message)
    members.delete(websocket)
  })
  const server = createServer({ urls: { '/chat': view } })
  const http2 = createSecureServer({ ...makeCertificate(), allowHTTP1: true }, (_, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end(html)
  })
  server.attach(http2)
  await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    await server.close()
    http2.close()
  })
  const { port } = http2.address() as AddressInfo
  return { http2, port, visitors }
}
