import { createServer as createHttpServer, request as httpRequest, type ServerResponse } from 'node:http'
import { mock } from 'node:test'
import { runInNewContext } from 'node:vm'
import { accept_websocket, type View } from '../../src/session/views.ts'
import { serve } from '../support/session-server.ts'
import { until } from '../support/tick.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { fetchPlain, hostOf } from '../support/ws-client.ts'

const test = suite('plain view')

const text = 'text/plain; charset=utf-8'
const bytes = 'application/octet-stream'
const json = 'application/json; charset=utf-8'

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

test('sends the status message of its own 500, whatever the view has set', async (t) => {
  const view =
    (message: string): View =>
    (_request, response) => {
      response.statusMessage = message
      throw new Error('in the view')
    }
  const { http, errors } = await serve(t, { urls: { '/': view('Created'), '/invalid': view('two\nlines') } })
  for (const path of ['/', '/invalid']) {
    const response = await fetch(`${http}${path}`)
    assert.equal([response.status, response.statusText], [500, 'Internal Server Error'])
    await response.text()
  }
  assert.is(errors.length, 2)
})

test('aborts a response that cannot be sent because the app has replaced writeHead, and reports why', async (t) => {
  const damage = (response: ServerResponse): void => {
    response.writeHead = () => {
      throw new Error('in writeHead')
    }
  }
  const views: View[] = [
    (_request, response) => {
      damage(response)
      throw new Error('in the view')
    },
    async (_request, response) => {
      damage(response)
      throw new Error('in the view')
    },
  ]
  for (const view of [...views, ...views.map((each) => accept_websocket(each))]) {
    const { http, errors } = await serve(t, { urls: { '/': view } })
    assert.match(await fetchPlain(`${http}/`).then(() => 'sent', String), /socket hang up/)
    assert.equal(errors.map(String), ['Error: in the view', 'Error: in writeHead'])
  }
})

test('aborts a response whose view throws while sending it', async (t) => {
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

test('answers with JSON, a web Response, bytes of any kind, or 204, whether async or not', async (t) => {
  const cookies = new Headers([
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
    ['X-Own', 'yes'],
  ])
  const values: Record<string, [value: () => unknown, status: number, type: string | undefined, body: string]> = {
    object: [() => ({ a: [1, null], b: 'é' }), 200, json, '{"a":[1,null],"b":"é"}'],
    bare: [() => Object.assign(Object.create(null), { a: 1 }), 200, json, '{"a":1}'],
    realm: [() => runInNewContext('({ a: 1 })'), 200, json, '{"a":1}'],
    array: [() => [], 200, json, '[]'],
    number: [() => 404, 200, json, '404'],
    zero: [() => 0, 200, json, '0'],
    boolean: [() => false, 200, json, 'false'],
    date: [() => new Date(0), 200, json, '"1970-01-01T00:00:00.000Z"'],
    empty: [() => '', 200, text, ''],
    buffer: [() => Buffer.from('hi'), 200, bytes, 'hi'],
    view: [() => new DataView(Uint8Array.of(120, 104, 105, 120).buffer, 1, 2), 200, bytes, 'hi'],
    arraybuffer: [() => Uint8Array.of(104, 105).buffer, 200, bytes, 'hi'],
    response: [() => new Response('made', { status: 418, headers: cookies }), 418, 'text/plain;charset=UTF-8', 'made'],
    bodiless: [() => new Response(null, { status: 304 }), 304, undefined, ''],
    redirect: [() => Response.redirect('http://a.example/', 302), 302, undefined, ''],
    null: [() => null, 204, undefined, ''],
    nothing: [() => {}, 204, undefined, ''],
  }
  const urls: Record<string, View> = {}
  for (const [name, [make]] of Object.entries(values)) {
    urls[`/sync/${name}`] = () => make()
    urls[`/async/${name}`] = async () => make()
    urls[`/decorated/${name}`] = accept_websocket(async () => make())
  }
  const { http, errors } = await serve(t, { urls })
  for (const path of Object.keys(urls)) {
    const [, status, type, body] = values[path.split('/')[2]]
    const found = await fetchPlain(`${http}${path}`)
    assert.equal([found.status, found.headers['content-type'], found.body], [status, type, body], path)
    if (path.endsWith('/response')) {
      assert.equal([found.headers['set-cookie'], found.headers['x-own']], [['a=1', 'b=2'], 'yes'])
    }
  }
  assert.equal(errors, [])
})

test('responds with 500 to a result that cannot be sent, and reports it', async (t) => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const values = [new Map(), new Set(), Symbol('x'), 5n, () => {}, new (class Thing {})(), circle, { big: 5n }]
  const urls: Record<string, View> = {}
  values.forEach((value, i) => {
    urls[`/${i}`] = () => value
  })
  const { http, errors } = await serve(t, { urls })
  for (const path of Object.keys(urls)) assert.is((await fetchPlain(`${http}${path}`)).status, 500, path)
  assert.is(errors.length, values.length)
  assert.ok(errors.every((error) => error instanceof TypeError))
  assert.match((errors[0] as Error).message, 'a view returned an object (Map); allowed: text, bytes,')
})

test('waits for a view that has the response and returns nothing, and answers 500 when that is never used', async (t) => {
  const clock = mock.timers
  clock.enable({ apis: ['setTimeout'] })
  t.after(() => clock.reset())
  const { http, errors } = await serve(t, {
    urls: {
      '/later': (_request, response) => setImmediate(() => response.end('later')),
      '/never': (_request, _response) => {},
    },
  })
  assert.is((await fetchPlain(`${http}/later`)).body, 'later')
  const never = fetchPlain(`${http}/never`)
  let isOver = false
  void never.then(() => {
    isOver = true
  })
  while (!isOver) {
    clock.tick(60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.is((await never).status, 500)
  assert.equal(errors.map(String), ['Error: a view returned but did not respond within 120000 ms'])
})

test('reports a Response whose body fails or whose peer leaves, whether async or not', async (t) => {
  const failing = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from('half')),
        pull: (controller) => controller.error(new Error('my disk')),
      }),
    )
  const endless = () =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('x')) }))
  const { http, errors } = await serve(t, {
    urls: {
      '/sync/failing': failing,
      '/async/failing': async () => failing(),
      '/decorated/failing': accept_websocket(failing),
      '/sync/endless': endless,
      '/async/endless': async () => endless(),
      '/decorated/endless': accept_websocket(endless),
    },
  })
  for (const kind of ['sync', 'async', 'decorated']) {
    await thrownBy(() => fetchPlain(`${http}/${kind}/failing`))
    const request = httpRequest(`${http}/${kind}/endless`, { agent: false }, () => request.destroy()).end()
    request.on('error', () => {})
    await until(() => errors.length === 2)
    assert.match(String(errors[0]), /my disk/)
    assert.is((errors[1] as { code?: string }).code, 'ERR_STREAM_PREMATURE_CLOSE')
    errors.length = 0
  }
})
