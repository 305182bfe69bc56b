import type { ServerResponse } from 'node:http'
import express from 'express'
import { accept_websocket, require_websocket } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, serveApp } from '../support/session-server.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('view response')

const portOf = (address: string): number => Number(address.split(':').at(-1))

/** Resolves to the lines of the 101 at a path, without those of the handshake. */
async function fieldsAt(address: string, path = '/'): Promise<string[]> {
  const client = await RawClient.open(portOf(address), { path })
  assert.match(client.head, /^HTTP\/1\.1 101 /, path)
  client.socket.destroy()
  const lines = client.head.trim().split('\r\n').slice(1)
  return lines.filter((line) => !/^(?:Upgrade|Connection|Sec-WebSocket-Accept):/.test(line))
}

test('sends the fields that a view sets before its first await in the 101, whatever it sends first', async (t) => {
  const view = (send: (ws: { send(text: string): unknown }) => void) =>
    require_websocket(async ({ websocket }, response) => {
      send(websocket)
      response.setHeader('Set-Cookie', ['a=1', 'b=2'])
      response.setHeader('X-Count', 3)
      await null
      response.setHeader('X-Late', 'late')
    })
  const { ws, errors } = await serve(t, {
    urls: {
      '/': view(() => {}),
      '/small': view((websocket) => websocket.send('x')),
      '/throws': require_websocket((_request, response) => {
        response.setHeader('X-Before', 'throw')
        throw new Error('in the view')
      }),
    },
  })
  const expected = ['Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Count: 3']
  for (const path of ['/', '/small']) assert.equal(await fieldsAt(ws, path), expected)
  assert.equal(await fieldsAt(ws, '/throws'), ['X-Before: throw'])
  assert.is(errors.length, 1)
})

test('sends the 101 before frames that are too many to wait', async (t) => {
  const { ws } = await serve(t, {
    urls: {
      '/': require_websocket(async ({ websocket }, response) => {
        for (let i = 0; i < 100; i++) websocket.send('x'.repeat(10_000))
        response.setHeader('X-Too', 'late')
      }),
    },
  })
  const client = await RawClient.open(portOf(ws))
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  await client.receive(101)
  assert.is(client.texts.length, 100)
  client.socket.destroy()
})

test('joins the fields of both authorize functions, the chain and the view, without those of another response', async (t) => {
  const app = express()
  app.use((_request, response, next) => {
    response.set({ 'Set-Cookie': 'chain=1', 'Content-Type': 'text/html', 'Content-Length': '5', 'X-Chain': 'yes' })
    next()
  })
  app.get(
    '/',
    require_websocket(
      ({ websocket }, response) => {
        response.appendHeader('Set-Cookie', 'view=1')
        websocket.close()
      },
      { authorize: async () => ({ headers: { 'set-cookie': 'own=1', 'X-Who': 'view' } }) },
    ),
  )
  for (const WEBSOCKET_ACCEPT_ALL of [false, true]) {
    const { ws } = await serveApp(t, app, {
      WEBSOCKET_ACCEPT_ALL,
      authorize: () => ({ headers: { 'Set-Cookie': ['server=1'], 'X-Who': 'server' } }),
    })
    const fields = await fieldsAt(ws)
    assert.equal(fields.map((line) => line.toLowerCase()).sort(), [
      ...['set-cookie: chain=1', 'set-cookie: own=1', 'set-cookie: server=1', 'set-cookie: view=1'],
      ...['x-chain: yes', 'x-powered-by: express', 'x-who: view'],
    ])
  }
})

test('sends the fields of libraries that wait for writeHead, also for handlers that are not decorated', async (t) => {
  const app = express()
  app.use((_request, response, next) => {
    const { writeHead } = response
    response.writeHead = function (this: ServerResponse, ...args: Parameters<typeof writeHead>) {
      this.setHeader('Set-Cookie', 'session=1')
      return writeHead.apply(this, args)
    } as typeof writeHead
    next()
  })
  app.get(
    '/decorated',
    require_websocket(() => {}),
  )
  app.get('/open', (request, response) => {
    const { websocket } = request as unknown as { websocket: { send(text: string): void } }
    websocket.send('x')
    response.end()
  })
  const { ws } = await serveApp(t, app, { WEBSOCKET_ACCEPT_ALL: true })
  for (const path of ['/decorated', '/open']) assert.ok((await fieldsAt(ws, path)).includes('Set-Cookie: session=1'))
})

test('closes with 1011 and reports the error when what an app has put into the response throws', async (t) => {
  const broken: Record<string, (response: ServerResponse) => void> = {
    writeHead: (response) => {
      response.writeHead = () => {
        throw new Error('in writeHead')
      }
    },
    getHeader: (response) => {
      response.setHeader('X-Late', '1')
      response.getHeader = () => 'two\nlines'
    },
  }
  const large = 'x'.repeat(200_000)
  const never = () => new Promise(() => {})
  for (const [name, damage] of Object.entries(broken)) {
    const view = (message: string) =>
      require_websocket(({ websocket }, response) => {
        damage(response)
        if (message !== '') websocket.send(message)
        return never()
      })
    const app = express()
    app.use((_request, response, next) => {
      damage(response)
      next()
    })
    app.get('/decorated', require_websocket(never))
    app.get('/open', (request) => void (request as unknown as { websocket: unknown }).websocket)
    const routed = await serve(t, {
      urls: {
        '/': view(''),
        '/small': view('x'),
        '/large': view(large),
        '/async': require_websocket((_request, response) => damage(response), { authorize: async () => undefined }),
      },
    })
    const chained = await serveApp(t, app, { WEBSOCKET_ACCEPT_ALL: true })
    for (const { ws, errors, paths } of [
      { ...routed, paths: ['/', '/small', '/large', '/async'] },
      { ...chained, paths: ['/decorated', '/open'] },
    ]) {
      for (const path of paths) {
        const client = await RawClient.open(portOf(ws), { path })
        await client.until(() => client.closeCode !== null || client.closed)
        assert.match(client.head, /^HTTP\/1\.1 101 /, `${name} ${path}`)
        assert.is(client.closeCode, 1011, `${name} ${path}`)
        assert.equal(client.texts, { '/small': ['x'], '/large': [large] }[path] ?? [], `${name} ${path}`)
        client.socket.destroy()
      }
      assert.is(errors.length, paths.length, `${name}: ${errors.join()}`)
    }
  }
})

test('reports what a replaced end throws, and ends the view', async (t) => {
  const failure = new Error('in end')
  let hasEnded = (): void => {}
  const ended = new Promise<void>((resolve) => {
    hasEnded = resolve
  })
  const decorated = require_websocket(() => {})
  const { ws, errors } = await serveApp(t, (request, response) => {
    response.end = () => {
      throw failure
    }
    void Promise.resolve(decorated(request, response)).then(hasEnded)
  })
  const client = await RawClient.open(portOf(ws))
  await client.until(() => client.closeCode !== null)
  assert.is(client.closeCode, 1000)
  await ended
  assert.equal(errors, [failure])
})

/** Collects what `finish` handlers see. */
function observe(finished: string[], wake: () => void) {
  return (response: ServerResponse): void => {
    response.once('finish', () => {
      finished.push(`${response.statusCode} ${response.writableEnded}`)
      wake()
    })
  }
}

async function checkFinish(open: (watch: (response: ServerResponse) => void) => Promise<string>) {
  const finished: string[] = []
  let wake = (): void => {}
  const address = await open(observe(finished, () => wake()))
  for (const leave of ['close', 'terminate'] as const) {
    const isFinished = new Promise<void>((resolve) => {
      wake = resolve
    })
    const client = await RawClient.open(portOf(address))
    client.sendText('x')
    await client.receive(1)
    if (leave === 'close') await client.close()
    else client.socket.resetAndDestroy()
    await isFinished
  }
  assert.equal(finished, ['101 true', '101 true'])
}

const echoView = accept_websocket(async (request, _response) => {
  if (!request.is_websocket()) return 'page'
  for await (const message of request.websocket) request.websocket.send(message)
})

test('ends the response when the session has ended, so that finish handlers run', async (t) => {
  await checkFinish(async (watch) => {
    const app = express()
    app.use((_request, response, next) => {
      watch(response)
      next()
    })
    app.get('/', echoView)
    return (await serveApp(t, app)).ws
  })
  await checkFinish(async (watch) => {
    const view = require_websocket(async ({ websocket }, response) => {
      watch(response)
      for await (const message of websocket) websocket.send(message)
    })
    return (await serve(t, { urls: { '/': view } })).ws
  })
})

test('views get the client’s address and the same query in every mode', async (t) => {
  const seen: string[] = []
  const view = accept_websocket((request) => {
    seen.push(`${request.is_websocket()} ${request.clientAddress} ${request.query.get('a')}`)
    return 'page'
  })
  const options = { trustedProxies: ['127.0.0.1'] }
  const headers = ['X-Forwarded-For: 192.0.2.7:80']
  const app = express()
  app.get('/', view)
  const served = [
    (await serve(t, { urls: { '/': view }, ...options })).ws,
    (await serveApp(t, app, options)).ws,
    (
      await serveApp(t, app, {
        ...options,
        WEBSOCKET_ACCEPT_ALL: true,
        authorize: ({ query }) => void seen.push(query.get('a')!),
      })
    ).ws,
  ]
  for (const address of served) {
    const client = await RawClient.open(portOf(address), { path: '/?a=1', headers })
    await client.until(() => client.closeCode !== null)
    client.socket.destroy()
    const plain = RawClient.connect(portOf(address))
    plain.socket.write(`GET /?a=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers[0]}\r\n\r\n`)
    await plain.until(() => plain.closed)
  }
  const both = ['true 192.0.2.7 1', 'false 192.0.2.7 1']
  assert.equal(seen, [...both, ...both, '1', ...both])
})
