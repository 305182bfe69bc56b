import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import { accept_websocket, type View } from '../../src/session/views.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite } from '../support/unit.ts'
import { fetchPlain, hostOf } from '../support/ws-client.ts'

const test = suite('plain view')

test('answers with what a plain view returns, throws, or writes itself', async (t) => {
  const failure = new Error('in the view')
  const urls: Record<string, View> = {
    '/text': () => 'é',
    '/bytes': async () => Uint8Array.of(104, 105),
    '/page': (_request, response) => {
      response.setHeader('Content-Type', 'text/html')
      return '<p>'
    },
    '/own': (_request, response) => response.writeHead(201).end('own'),
    '/later': (_request, response) => {
      setImmediate(() => response.end('later'))
    },
    '/throws': () => {
      throw failure
    },
    '/rejects': accept_websocket(async (_request, response) => {
      response.setHeader('Set-Cookie', 'half=done')
      throw failure
    }),
  }
  const { http, errors } = await serve(t, { urls })
  const found: unknown[] = []
  for (const path of Object.keys(urls)) {
    const { status, headers, body } = await fetchPlain(`${http}${path}`)
    found.push([path, status, headers['content-type'], body])
    assert.is(headers['set-cookie'], undefined)
  }
  const text = 'text/plain; charset=utf-8'
  assert.equal(found, [
    ['/text', 200, text, 'é'],
    ['/bytes', 200, 'application/octet-stream', 'hi'],
    ['/page', 200, 'text/html', '<p>'],
    ['/own', 201, undefined, 'own'],
    ['/later', 200, undefined, 'later'],
    ['/throws', 500, text, 'internal error\n'],
    ['/rejects', 500, text, 'internal error\n'],
  ])
  assert.equal(errors, [failure, failure])
})

test('cuts off an answer whose view throws in its middle', async (t) => {
  const view: View = (_request, response) => {
    response.write('half')
    throw new Error('in the middle')
  }
  const { http, errors } = await serve(t, { urls: { '/': view } })
  const cut = await new Promise<Error>((resolve, reject) => {
    const request = httpRequest(`${http}/`, { agent: false }, (response) => {
      response.resume().on('end', () => reject(new Error('the answer looked whole')))
      response.on('error', resolve)
    })
    request.on('error', resolve)
    request.end()
  })
  assert.is((cut as { code?: string }).code, 'ECONNRESET')
  assert.is(errors.length, 1)
})

test('keeps an error of a plain view for the app’s next, and answers 500 without one', async (t) => {
  const failure = new Error('in the view')
  const view = accept_websocket(() => {
    throw failure
  })
  const passed: unknown[] = []
  const server = createHttpServer((request, response) => {
    view(request, response, (error) => {
      passed.push(error)
      response.end('handled')
    })
  })
  t.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  assert.is((await fetchPlain(`http://${hostOf(server.address())}/`)).body, 'handled')
  assert.equal(passed, [failure])
  const printed: unknown[] = []
  const { error: print } = console
  console.error = (...args) => printed.push(...args)
  t.after(() => {
    console.error = print
  })
  server.removeAllListeners('request').on('request', view)
  assert.is((await fetchPlain(`http://${hostOf(server.address())}/`)).status, 500)
  assert.equal(printed, [failure])
})
