import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClientOptions, WebSocket as WsSocket } from 'ws'
import { parse } from 'yaml'
import { readDocuments } from '../../docs/make/documents.ts'
import { require_websocket } from '../../src/index.ts'
import { startCaddyRecipe } from '../support/caddy.ts'
import { blocksOf, findRecipe } from '../support/documents.ts'
import { startHaproxyRecipe } from '../support/haproxy.ts'
import { caddy, dependenciesIn, haproxy, systemdAnalyze, testWith } from '../support/need.ts'
import { serve } from '../support/session-server.ts'
import { compile } from '../support/typescript.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openWs } from '../support/ws-client.ts'

/* The settings of the guide about deployment. Those of nginx are tested in e2e/nginx.test.ts. */

const test = suite('deployment, as the documents have it')
const blocks = readDocuments().flatMap(blocksOf)
const tools = dependenciesIn('test/deployment')
const requireTool = createRequire(new URL('../deployment/package.json', import.meta.url))

/** Creates a folder for the files of one test. */
function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'deployment-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Resolves to the status that rejects a WebSocket request. The proxy decides whether the connection stays open. */
async function rejection(url: string, options: ClientOptions): Promise<number | undefined> {
  const socket = new WsSocket(url, options)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  const closed = once(socket, 'error')
  socket.terminate()
  await closed
  return response.statusCode
}

const echo = require_websocket(async ({ websocket }) => {
  for await (const message of websocket) await websocket.send(message)
})

for (const { name, need, start, scheme } of [
  { name: 'HAProxy', need: haproxy, start: startHaproxyRecipe, scheme: 'http' },
  { name: 'Caddy', need: caddy, start: startCaddyRecipe, scheme: 'https' },
]) {
  testWith(test, need)(`${name}: hosts, origins, addresses, messages and the end pass through`, async (t) => {
    const options = { trustedProxies: ['127.0.0.1'], maxConnectionsPerAddress: 1 }
    const { server, http } = await serve(t, { urls: { '/echo': echo }, ...options })
    const port = await start(t, Number(new URL(http).port))
    const url = `${scheme.replace('http', 'ws')}://127.0.0.1:${port}/echo`
    const from = (
      localAddress: string,
      origin = `${scheme}://example.com`,
    ): ClientOptions & { servername: string } => ({
      localAddress,
      origin,
      // What a client claims about itself is left of the address that the proxy has seen, or is removed.
      headers: { Host: 'example.com', 'X-Forwarded-For': localAddress.replace('127', '10') },
      servername: 'example.com',
      rejectUnauthorized: false,
    })
    assert.is(await rejection(url, from('127.0.0.2', `${scheme}://evil.example`)), 403)
    const client = await openWs(url, [], from('127.0.0.2'))
    for (const message of ['hello', Buffer.alloc(70_000, 7)]) {
      client.send(message)
      assert.equal(await client.next(), message)
    }
    assert.is(await rejection(url, from('127.0.0.2')), 503)
    const other = await openWs(url, [], from('127.0.0.3'))
    other.socket.close(3001)
    assert.is(await other.closed, '3001')
    await server.shutdown()
    assert.is(await client.closed, '1001')
  })
}

test('the guide in Chinese has the same settings', () => {
  const codeOf = (path: string): string[] => blocks.filter((block) => block.path === path).map(({ code }) => code)
  assert.equal(codeOf('docs/zh-CN/guides/deployment.md'), codeOf('docs/guides/deployment.md'))
})

testWith(test, systemdAnalyze)('systemd accepts every line of the unit', (t) => {
  const file = join(makeFolder(t), 'chat.service')
  // systemd-analyze checks that the program exists.
  writeFileSync(file, findRecipe('ini').code.replace('/usr/bin/node', process.execPath))
  const { status, stdout, stderr } = spawnSync(systemdAnalyze.path, ['verify', '--man=no', file], { encoding: 'utf8' })
  assert.equal({ status, output: stdout + stderr }, { status: 0, output: '' })
})

testWith(test, tools)('Dockerfiles consist of instructions with valid arguments', () => {
  const { validate } = requireTool('dockerfile-utils') as { validate(code: string): object[] }
  for (const { path, code } of blocks.filter(({ language }) => language === 'dockerfile')) {
    assert.equal(validate(code), [], path)
  }
})

testWith(test, tools)('manifests of Kubernetes satisfy the types of its API', async (t) => {
  const folder = makeFolder(t)
  symlinkSync(fileURLToPath(new URL('../deployment/node_modules', import.meta.url)), join(folder, 'node_modules'))
  const manifests = blocks.filter(({ language, code }) => language === 'yaml' && code.startsWith('apiVersion:'))
  assert.ok(manifests.length > 0)
  const files = manifests.map(({ code }, index) => {
    const manifest = parse(code) as { apiVersion: string; kind: string }
    const file = join(folder, `manifest${index}.ts`)
    writeFileSync(
      file,
      `import type { ${manifest.kind} } from 'kubernetes-types/${manifest.apiVersion}'
export const manifest: ${manifest.kind} = ${JSON.stringify(manifest, null, 2)}
`,
    )
    return file
  })
  const settings = '--noEmit --strict --module nodenext --target es2022 --ignoreConfig --types'.split(' ')
  await compile(...settings, '', ...files)
})
