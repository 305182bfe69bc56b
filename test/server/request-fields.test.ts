import type { IncomingHttpHeaders } from 'node:http'
import { startEcho } from '../support/echo-server.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('request fields')

test('gives authorize and the connection every field, as node does', async (t) => {
  const seen: IncomingHttpHeaders[] = []
  const { port, connections } = await startEcho(t, { authorize: ({ headers }) => void seen.push(headers) })
  const client = await RawClient.open(port, { headers: ['Cookie: a=b', 'Cookie: c=d', 'X-Own: 1', 'x-own: 2'] })
  assert.equal([seen[0].host, seen[0].cookie, seen[0]['x-own']], ['localhost', 'a=b; c=d', '1, 2'])
  const { headers, rawHeaders, headersDistinct } = connections[0].request
  assert.is(headers.cookie, 'a=b; c=d')
  assert.is(rawHeaders.length, 18)
  assert.equal(headersDistinct['x-own'], ['1', '2'])
  client.socket.destroy()
})
