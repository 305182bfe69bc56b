import { createHash } from 'node:crypto'
import { WebSocket as Ws } from 'ws'
import { connect } from '../../src/client/connect.ts'
import { require_websocket } from '../../src/session/views.ts'
import { WebSocket } from '../../src/session/websocket.ts'
import { launchChromium } from '../support/chromium.ts'
import { chromium, testWith } from '../support/need.ts'
import { pythonWebsockets, startPython } from '../support/python.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('streams with peers of others', { timeLimit: 60_000 })
const withPython = testWith(test, pythonWebsockets)
const inBrowser = testWith(test, chromium)

/** Digests of a binary message and of a text. */
type Digests = string[]
interface Exchange {
  sent: Digests
  received: Digests
}

const digest = (bytes: string | Buffer): string => createHash('sha1').update(bytes).digest('hex')

/** Reads a binary message and a text in parts, then sends one of each from a source. */
async function exchange(session: WebSocket): Promise<Exchange & { partCounts: number[] }> {
  const received: Digests = []
  const partCounts: number[] = []
  for (const kind of ['binary', 'text']) {
    const message = await session.stream()
    assert.is(message?.kind, kind)
    const hash = createHash('sha1')
    let count = 0
    for await (const part of message!) {
      hash.update(part)
      count++
    }
    received.push(hash.digest('hex'))
    partCounts.push(count)
  }
  const hashes = [createHash('sha1'), createHash('sha1')]
  async function* bytes() {
    for (let index = 0; index < 50; index++) {
      const part = Buffer.alloc(100_000, index)
      hashes[0].update(part)
      yield part
    }
  }
  async function* texts() {
    for (let index = 0; index < 500; index++) {
      const part = `Grüße € 😀 ${index} `.repeat(50)
      hashes[1].update(part)
      yield part
    }
  }
  await session.send(bytes())
  await session.send(texts())
  return { received, partCounts, sent: hashes.map((hash) => hash.digest('hex')) }
}

/** Starts a server whose only session is used by `exchange`. */
async function open(t: TestContext, deflate: boolean) {
  let resolve: (result: ReturnType<typeof exchange>) => void
  const ours = new Promise<Awaited<ReturnType<typeof exchange>>>((settle) => {
    resolve = settle
  })
  const view = require_websocket(async ({ websocket }) => {
    resolve(exchange(websocket))
    await new Promise((done) => websocket.watch({ onMessage() {}, onEnd: () => done(undefined) }))
  })
  const urls = { '/ws': view, '/': () => ({ page: true }), '/favicon.ico': () => null }
  return { ...(await serve(t, { deflate, urls })), ours }
}

for (const deflate of [false, true]) {
  const how = deflate ? 'compressed' : 'uncompressed'

  withPython(`Python’s websockets as a client exchanges fragments in both directions, ${how}`, async (t) => {
    const { ws, ours } = await open(t, deflate)
    const theirs: Exchange = JSON.parse(
      await startPython(t, 'stream-peer.py', 'client', `${ws}/ws`, `${deflate}`).line(),
    )
    const { sent, received, partCounts } = await ours
    assert.equal([received, theirs.received], [theirs.sent, sent])
    assert.ok(partCounts[0] > 50 && partCounts[1] > 50, `${partCounts}`)
  })

  withPython(`Python’s websockets as a server exchanges fragments in both directions, ${how}`, async (t) => {
    const python = startPython(t, 'stream-peer.py', 'server', `${deflate}`)
    const connection = await connect(`ws://127.0.0.1:${await python.line()}`, { deflate })
    t.after(() => connection.terminate())
    const { sent, received } = await exchange(new WebSocket(connection))
    const theirs: Exchange = JSON.parse(await python.line())
    assert.equal([received, theirs.received], [theirs.sent, sent])
  })

  test(`npm ws as a client exchanges fragments in both directions, ${how}`, async (t) => {
    const { ws, ours } = await open(t, deflate)
    const socket = new Ws(`${ws}/ws`, { perMessageDeflate: deflate, maxPayload: 0 })
    t.after(() => socket.terminate())
    const theirs = await new Promise<Exchange>((resolve, reject) => {
      const sent: Digests = []
      const received: Digests = []
      socket.on('error', reject)
      socket.on('open', () => {
        const parts = Array.from({ length: 100 }, (_, index) => Buffer.alloc(70_000, index))
        for (const [index, part] of parts.entries()) socket.send(part, { fin: index === 99 })
        sent.push(digest(Buffer.concat(parts)))
        const text = 'Grüße € 😀 '.repeat(10_000)
        for (let at = 0; at < text.length; at += 1001)
          socket.send(text.slice(at, at + 1001), { fin: at + 1001 >= text.length })
        sent.push(digest(text))
      })
      socket.on('message', (data: Buffer, isBinary) => {
        assert.is(isBinary, received.length === 0)
        if (received.push(digest(data)) === 2) resolve({ sent, received })
      })
    })
    const { sent, received, partCounts } = await ours
    assert.equal([received, theirs.received], [theirs.sent, sent])
    assert.ok(partCounts[0] > 50 && partCounts[1] > 50, `${partCounts}`)
  })

  inBrowser(`Chromium: a large Blob arrives in parts, and receives fragments, ${how}`, async (t) => {
    const { ws, http, ours } = await open(t, deflate)
    const browser = await launchChromium(t)
    const page = await browser.open(`${http}/`)
    const theirs = await page.evaluate<Exchange>(`new Promise((resolve, reject) => {
      const sent = []
      const received = []
      const digest = async (bytes) =>
        Array.from(new Uint8Array(await crypto.subtle.digest('SHA-1', bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('')
      const bytes = new Uint8Array(7_000_000).map((_, index) => index % 251)
      const text = 'Grüße € 😀 '.repeat(50_000)
      const socket = new WebSocket('${ws}/ws')
      socket.binaryType = 'arraybuffer'
      socket.onerror = () => reject(new Error('failed'))
      socket.onopen = async () => {
        socket.send(new Blob([bytes]))
        socket.send(text)
        sent.push(await digest(bytes), await digest(new TextEncoder().encode(text)))
      }
      const messages = []
      socket.onmessage = async ({ data }) => {
        if (messages.push(data) < 2) return
        const [binary, string] = messages
        resolve({ sent, received: [await digest(binary), await digest(new TextEncoder().encode(string))] })
      }
    })`)
    const { sent, received, partCounts } = await ours
    assert.equal([received, theirs.received], [theirs.sent, sent])
    assert.ok(partCounts[0] > 10, `${partCounts}`)
    assert.equal(browser.complaints, [])
  })
}
