import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, Server } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { launchChromium } from '../support/chromium.ts'
import { readExample, runProgram } from '../support/documents.ts'
import { chromium, dependenciesIn, testWith } from '../support/need.ts'
import { compile } from '../support/typescript.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { openWs, refusedWs } from '../support/ws-client.ts'

/* Tests the example with Vite, React and Vue: its types, and its pages in a real browser. */

const test = testWith(suite('pages by Vite'), dependenciesIn('examples/vite'))
const folder = fileURLToPath(new URL('../../examples/vite', import.meta.url))
const require = createRequire(join(folder, 'server.js'))

/** The part of Vite that this test uses. */
interface Vite {
  createServer(config: object): Promise<{
    readonly httpServer: Server
    readonly resolvedUrls: { readonly local: readonly string[] }
    listen(): Promise<unknown>
    close(): Promise<void>
  }>
}

/** The part of Vue's compiler that this test uses. */
interface VueCompiler {
  parse(source: string): { readonly descriptor: object; readonly errors: readonly Error[] }
  compileScript(descriptor: object, options: { id: string; inlineTemplate: boolean }): { readonly content: string }
}

/** A development server in front of the server of the example. */
interface Site {
  /** The address, with a slash at the end. */
  readonly address: string
  /** Ends every connection to the chat without a Close frame. Resolves when one is made again. */
  loseConnections(): Promise<void>
}

/** Starts the server of the example, and Vite with the settings of the example in front; both end with the test. */
async function startSite(t: TestContext, proxyOptions: object = {}): Promise<Site> {
  const target = await runProgram(t, readExample('vite/server.js'))
  const main = pathToFileURL(join(dirname(require.resolve('vite/package.json')), 'dist/node/index.js'))
  const { createServer } = (await import(main.href)) as Vite
  const site = await createServer({
    root: folder,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0, watch: null, proxy: { '/chat': { target, ...proxyOptions } } },
  })
  t.after(() => site.close())
  const sockets: Duplex[] = []
  let onConnection = (): void => {}
  site.httpServer.on('upgrade', ({ url }: IncomingMessage, socket: Duplex) => {
    if (!url?.startsWith('/chat/')) return
    sockets.push(socket)
    onConnection()
  })
  await site.listen()
  return {
    address: site.resolvedUrls.local[0],
    loseConnections() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => {
        onConnection = resolve
      })
    },
  }
}

test('components and their templates satisfy the compiler', async (t) => {
  const { parse, compileScript } = require('vue/compiler-sfc') as VueCompiler
  const copy = mkdtempSync(join(tmpdir(), 'vite-'))
  t.after(() => rmSync(copy, { recursive: true }))
  cpSync(folder, copy, { recursive: true, filter: (path) => !path.includes('node_modules') })
  symlinkSync(join(folder, 'node_modules'), join(copy, 'node_modules'), 'junction')
  const { descriptor, errors } = parse(readFileSync(join(folder, 'Chat.vue'), 'utf8'))
  assert.equal(errors, [])
  // The result is TypeScript that includes the template. A name that the script does not define becomes a property of
  // _ctx.
  const { content } = compileScript(descriptor, { id: 'chat', inlineTemplate: true })
  assert.not.match(content, '_ctx.')
  writeFileSync(join(copy, 'Chat.vue.ts'), content)
  await compile('-p', copy)
})

for (const name of ['react', 'vue']) {
  testWith(test, chromium)(`${name}: a page chats through the proxy, and continues after a loss`, async (t) => {
    const { address, loseConnections } = await startSite(t)
    const { open, complaints } = await launchChromium(t)
    const page = await open(`${address}${name}.html`)
    const send = async (text: string): Promise<void> => {
      await page.getByLabel('Message').fill(text)
      await page.keyboard.press('Enter')
    }
    await page.getByPlaceholder('Type and press Enter').waitFor()
    const other = await openWs(`${address.replace('http:', 'ws:')}chat/tea`)
    await send('hello')
    assert.is(await other.next(), 'hello')
    other.send('hi')
    await page.getByText('hi').waitFor()
    // The client does not send a message again that it has written to a lost connection.
    await loseConnections()
    await send('again')
    const messages = page.locator('pre')
    await messages.filter({ hasText: 'again' }).waitFor()
    // Each message appears once, because the connection that StrictMode opened first is closed.
    assert.is(await messages.textContent(), 'hello\nhi\nagain')
    const closedEarly = 'WebSocket is closed before the connection is established'
    assert.equal(
      complaints.filter((complaint) => !(name === 'react' && complaint.includes(closedEarly))),
      [],
    )
  })
}

test('changeOrigin makes the proxied page a foreign one', async (t) => {
  const { address } = await startSite(t, { changeOrigin: true })
  const { origin } = new URL(address)
  const { status, body } = await refusedWs(`${address.replace('http:', 'ws:')}chat/tea`, { origin })
  assert.is(status, 403, body)
})
