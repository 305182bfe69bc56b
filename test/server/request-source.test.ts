import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { HeadRequest } from '../../src/server/request-source.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('request-source')

const HEAD = [
  'GET /chat?room=1 HTTP/1.1',
  'Host: example.test',
  'X-Forwarded-For: 10.0.0.1',
  'x-forwarded-for: 10.0.0.2',
  'Cookie: a=b',
  'Cookie: c=d',
  'X-Name: é',
  '',
  '',
].join('\r\n')

const FIELDS = [
  'method',
  'url',
  'httpVersion',
  'httpVersionMajor',
  'httpVersionMinor',
  'rawHeaders',
  'headers',
  'headersDistinct',
] as const

test('makes of a head the message that node makes of it, once', async (t) => {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => http.close(resolve)))
  const client = connect((http.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => client.destroy())
  const theirs = await new Promise<IncomingMessage>((resolve) => {
    http.once('request', resolve)
    client.write(HEAD, 'latin1')
  })
  const source = new HeadRequest(HEAD, new Socket())
  for (const field of FIELDS) assert.equal(source.message[field], theirs[field], field)
  assert.is(source.message, source.message)
  assert.ok(source.message.complete)
  for await (const chunk of source.message) assert.unreachable(String(chunk))
})
