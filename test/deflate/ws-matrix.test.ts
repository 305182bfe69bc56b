import type { AddressInfo } from 'node:net'
import WebSocket, { type PerMessageDeflateOptions } from 'ws'
import { createServer } from '../../src/index.ts'
import { seededRandom } from '../support/random.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('deflate, npm ws as a client', { timeLimit: 300_000 })

/** Number of messages for each combination; few by default, and all with `DEFLATE_MATRIX=1000`. */
const MESSAGE_COUNT = Number(process.env['DEFLATE_MATRIX'] ?? 30)
const LARGEST = 256 * 1024
/** Number of messages in flight. */
const DEPTH = 16

const WORDS = 'the quick brown fox jumps over the lazy dog Grüße 日本語 {"id":1234,"name":"value"}'.split(' ')

function* messages(count: number, seed: number): Generator<string | Buffer> {
  const random = seededRandom(seed)
  for (let i = 0; i < count; i++) {
    // Most sizes are small, and both ends of the range occur.
    const size = i === 0 ? 0 : i === 1 ? LARGEST : Math.floor(random() ** 8 * LARGEST)
    const isCompressible = random() < 0.6
    if (random() < 0.5) {
      const bytes = Buffer.alloc(size, isCompressible ? 'abcabcabd' : 0)
      if (!isCompressible) for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(random() * 2 ** 32, at)
      yield bytes
    } else {
      let text = ''
      while (text.length < size)
        text += isCompressible ? `${WORDS[Math.floor(random() * WORDS.length)]} ` : random().toString(36)
      yield text.slice(0, Math.floor(size / 3))
    }
  }
}

/** Sends all messages and compares every echo. Resolves to the agreement. */
function exchange(
  url: string,
  perMessageDeflate: PerMessageDeflateOptions,
  count: number,
  seed: number,
): Promise<string> {
  const client = new WebSocket(url, { perMessageDeflate, maxPayload: 2 * LARGEST })
  const sent: (string | Buffer)[] = []
  const source = messages(count, seed)
  let received = 0
  const sendNext = (): void => {
    const { value, done } = source.next()
    if (done) return
    sent.push(value)
    client.send(value)
  }
  return new Promise((resolve, reject) => {
    client.on('error', reject)
    client.on('open', () => {
      for (let i = 0; i < DEPTH; i++) sendNext()
    })
    client.on('message', (data: Buffer, isBinary) => {
      const expected = sent[received]
      const isEqual = isBinary === (typeof expected !== 'string') && Buffer.from(expected as string).equals(data)
      if (!isEqual) return reject(new Error(`message ${received} came back changed: ${data.length} bytes`))
      sent[received++] = ''
      if (received === count) client.close()
      else sendNext()
    })
    client.on('close', (code) => {
      if (received === count) resolve(client.extensions)
      else reject(new Error(`closed with ${code} after ${received} of ${count} messages`))
    })
  })
}

async function startEcho(t: TestContext): Promise<string> {
  const server = createServer({ deflate: { threshold: 0 }, maxMessageSize: LARGEST })
  server.onConnection = (connection) => {
    connection.onMessage = (message) => void connection.send(message)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(() => server.close())
  return `ws://127.0.0.1:${port}/`
}

const noTakeover = [undefined, true] as const
const serverBits = [undefined, 9, 12, 15] as const
const clientBits = [undefined, true, 9, 12, 15] as const

for (const serverNoContextTakeover of noTakeover) {
  for (const clientNoContextTakeover of noTakeover) {
    const name = `server_no_context_takeover ${!!serverNoContextTakeover}, client_no_context_takeover ${!!clientNoContextTakeover}`
    test(`echoes ${MESSAGE_COUNT} messages of 0 B to 256 KiB unchanged for each pair of windows: ${name}`, async (t) => {
      const url = await startEcho(t)
      let seed = 1
      for (const serverMaxWindowBits of serverBits) {
        for (const clientMaxWindowBits of clientBits) {
          const offer = {
            threshold: 0,
            serverNoContextTakeover,
            clientNoContextTakeover,
            serverMaxWindowBits,
            clientMaxWindowBits,
          }
          const options = Object.fromEntries(Object.entries(offer).filter(([, value]) => value !== undefined))
          const agreed = await exchange(url, options as PerMessageDeflateOptions, MESSAGE_COUNT, seed++)
          assert.match(agreed, /^permessage-deflate/, JSON.stringify(options))
        }
      }
    })
  }
}
