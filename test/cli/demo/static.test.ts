import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StaticFiles, sendText } from '../../../src/cli/demo/static.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('demo static files')

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Serves a folder with a page, a script and a file of unknown type. The path of a request is the name of the file. */
async function serveFolder(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'static-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'a.html'), '<p>é</p>')
  writeFileSync(join(folder, 'a.js'), 'let a')
  writeFileSync(join(folder, 'secret.env'), 'hidden')
  const files = new StaticFiles(pathToFileURL(`${folder}/`))
  const server = createServer((request, response) => {
    if (request.url === '/text') sendText(response, '<b>')
    else files.send(decodeURIComponent((request.url ?? '').slice(1)), request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return (path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
      })
      request.on('error', reject).end()
    })
}

test('a file is sent with its type, its length and the security headers', async (t) => {
  const ask = await serveFolder(t)
  const { status, headers, body } = await ask('/a.html')
  assert.is(status, 200)
  assert.is(body, '<p>é</p>')
  assert.is(headers['content-type'], 'text/html; charset=utf-8')
  assert.is(headers['content-length'], '9')
  assert.is(headers['x-content-type-options'], 'nosniff')
  assert.is(headers['cache-control'], 'no-cache')
  assert.match(String(headers['content-security-policy']), /^default-src 'self';/)
  assert.is((await ask('/a.js')).headers['content-type'], 'text/javascript; charset=utf-8')
})

test('HEAD returns the header fields only', async (t) => {
  const ask = await serveFolder(t)
  const { status, headers, body } = await ask('/a.html', 'HEAD')
  assert.equal([status, headers['content-length'], body], [200, '9', ''])
})

test('responds with 304 when the ETag matches, else with the file', async (t) => {
  const ask = await serveFolder(t)
  const { headers } = await ask('/a.html')
  const same = await ask('/a.html', 'GET', { 'If-None-Match': headers.etag ?? '' })
  assert.equal([same.status, same.body, same.headers.etag], [304, '', headers.etag])
  assert.is((await ask('/a.html', 'GET', { 'If-None-Match': '"other"' })).status, 200)
  assert.is.not((await ask('/a.js')).headers.etag, headers.etag)
})

test('any other name is a 404, whatever it means to a file system', async (t) => {
  const ask = await serveFolder(t)
  for (const name of ['b.html', 'secret.env', '..%2Fa.html', '.%2Fa.html', 'a.html%00', '__proto__', 'constructor']) {
    assert.is((await ask(`/${name}`)).status, 404, name)
  }
})

test('responds with 405 and Allow to other methods than GET and HEAD', async (t) => {
  const ask = await serveFolder(t)
  const { status, headers } = await ask('/a.html', 'POST')
  assert.equal([status, headers.allow], [405, 'GET, HEAD'])
})

test('text is sent as plain text, never as HTML', async (t) => {
  const ask = await serveFolder(t)
  const { status, headers, body } = await ask('/text')
  assert.equal([status, body], [200, '<b>'])
  assert.equal([headers['content-type'], headers['x-content-type-options']], ['text/plain; charset=utf-8', 'nosniff'])
})
