import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { completeRequest, isMarked, markRequest, setSession, setSessionLater } from '../../src/session/view-request.ts'
import { WebSocket } from '../../src/session/websocket.ts'
import { FakeConnection } from '../support/fake-connection.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('view request')

function makeRequest(url?: string): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.url = url
  return request
}

test('adds is_websocket and a session that is null to a request', () => {
  const request = makeRequest('/')
  assert.is(isMarked(request), false)
  markRequest(request, true)
  assert.ok(isMarked(request))
  assert.is(request.is_websocket(), true)
  assert.is(request.websocket, null)
})

test('parses the query once, when it is first asked for', () => {
  const request = completeRequest(makeRequest('/a?b=1&b=2&c=%26+d'))
  assert.is(Object.getOwnPropertyDescriptor(request, 'query')?.value, undefined)
  assert.equal(request.query.getAll('b'), ['1', '2'])
  assert.is(request.query.get('c'), '& d')
  assert.is(request.query, request.query)
})

test('returns an empty query when the target has none or is missing', () => {
  for (const url of ['/a', '/a?', '*', undefined]) assert.is(completeRequest(makeRequest(url)).query.size, 0)
})

test('does not change the params of a framework, and replaces its query with the usual object', () => {
  const own = { params: { id: 'own' }, query: { a: 'own' } }
  const request = completeRequest(Object.assign(makeRequest('/x?a=1'), own))
  assert.is(request.params, own.params)
  assert.instance(request.query, URLSearchParams)
  assert.is(request.query.get('a'), '1')
})

test('finds the address of the client when it is first read', () => {
  const request = makeRequest('/')
  const asked: IncomingMessage[] = []
  markRequest(request, false, (message) => {
    asked.push(message)
    return '192.0.2.1'
  })
  assert.equal(asked, [])
  for (let i = 0; i < 2; i++) assert.is(completeRequest(request).clientAddress, '192.0.2.1')
  assert.equal(asked.length, 1)
})

test('puts the session on its request, at once or when it is first asked for', () => {
  const session = new WebSocket(new FakeConnection().asConnection)
  const request = completeRequest(makeRequest('/'))
  markRequest(request, true)
  let asked = 0
  setSessionLater(request, () => {
    asked += 1
    setSession(request, session)
    return session
  })
  assert.is(asked, 0)
  assert.is(request.websocket, session)
  assert.is(request.websocket, session)
  assert.is(asked, 1)
})
