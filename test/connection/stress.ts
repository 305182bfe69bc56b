import type { AddressInfo } from 'node:net'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { WebSocketServer } from '../../src/index.ts'
import { seededRandom } from '../support/random.ts'
import { RawClient } from '../support/raw-client.ts'

/*
 * Echoes of random messages over connections that share the process's read window, output buffer and slab: sizes,
 * kinds, chunk ends and pauses are random. After all echoes have arrived, each is compared with the message that was
 * sent.
 */

/** The load, and the settings of the connections. */
export interface StressOptions {
  connectionCount: number
  /** Time in milliseconds for which new messages are sent. */
  duration: number
  deflate: boolean
  seed: number
}

const TAIL = Buffer.from([0, 0, 0xff, 0xff])

type Random = () => number
type Message = string | Buffer

const until = (random: Random, end: number): number => Math.floor(random() * end)

function randomMessage(random: Random): Message {
  const size = until(random, [10, 130, 2000, 20_000, 200_000][until(random, 5)])
  if (random() < 0.5) return Buffer.alloc(size, until(random, 256).toString(16) + until(random, 1e9))
  const text = ['a', 'Grüße ', '€', '😀', `${random()}`][until(random, 5)] + String.fromCharCode(65 + until(random, 26))
  // A surrogate pair that is cut at the end is not valid text.
  return String(Buffer.from(text.repeat(Math.ceil(size / text.length)).slice(0, size)))
}

/** Encodes a message as a masked frame with a random key. The payload is compressed if `isCompressed` is set. */
function encode(message: Message, random: Random, isCompressed: boolean): Buffer {
  let payload = Buffer.from(message as string)
  if (isCompressed) payload = deflateRawSync(payload, { finishFlush: 2, level: 1 }).subarray(0, -4)
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14)
  head[0] = 0x80 | (isCompressed ? 0x40 : 0) | (typeof message === 'string' ? 1 : 2)
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 8) head.writeUInt16BE(length, 2)
  if (head.length === 14) head.writeBigUInt64BE(BigInt(length), 2)
  head.writeUInt32BE(until(random, 2 ** 32), head.length - 4)
  const masked = Buffer.alloc(length)
  for (let i = 0; i < length; i++) masked[i] = payload[i] ^ head[head.length - 4 + (i & 3)]
  return Buffer.concat([head, masked])
}

/** Writes `bytes` in pieces of random size, some of them in later turns. */
async function writePieces(client: RawClient, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const size = random() < 0.5 ? bytes.length : 1 + until(random, bytes.length)
    const hasRoom = client.socket.write(bytes.subarray(at, at + size))
    at += size
    if (!hasRoom) await new Promise((resolve) => client.socket.once('drain', resolve))
    else if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function talk(port: number, options: StressOptions, seed: number): Promise<number> {
  const random = seededRandom(seed)
  const offer = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover'
  const headers = options.deflate ? [`Sec-WebSocket-Extensions: ${offer}`] : []
  const client = await RawClient.open(port, { headers })
  const sent: Message[] = []
  let checked = 0
  const check = (): void => {
    for (const { first, opcode, payload } of client.frames.splice(0)) {
      const bytes = first & 0x40 ? inflateRawSync(Buffer.concat([payload, TAIL]), { finishFlush: 2 }) : payload
      const message = sent[checked++]
      if (opcode !== (typeof message === 'string' ? 1 : 2) || !bytes.equals(Buffer.from(message as string)))
        throw new Error(`seed ${seed}: echo ${checked} of ${message.length} is another than was sent`)
    }
  }
  for (const end = performance.now() + options.duration; performance.now() < end; ) {
    const run = Array.from({ length: 1 + until(random, 20) }, () => randomMessage(random))
    sent.push(...run)
    const frames = run.map((message) => encode(message, random, options.deflate && random() < 0.5))
    const isPaused = random() < 0.2
    if (isPaused) client.socket.pause()
    if (isPaused) setTimeout(() => client.socket.resume(), until(random, 20))
    await writePieces(client, Buffer.concat(frames), random)
    await client.until(() => client.frames.length >= sent.length - checked || client.closed)
    check()
    if (client.closed) throw new Error(`seed ${seed}: closed after ${checked} of ${sent.length}`)
  }
  await client.close()
  return checked
}

/** Resolves to the number of compared echoes. Rejects at the first wrong echo, or when memory is not released. */
export async function runStress(options: StressOptions): Promise<number> {
  const server = new WebSocketServer({
    deflate: options.deflate,
    highWaterMark: 64 * 1024,
    maxBufferedAmount: Infinity,
  })
  const random = seededRandom(options.seed)
  const kept: { data: Message; copy: Message }[] = []
  server.onConnection = (connection) => {
    if (random() < 0.3) connection.pause()
    setTimeout(() => connection.resume(), 5)
    connection.onMessage = (data) => {
      connection.send(data)
      // Data passed to the application must not change when more is received.
      if (typeof data !== 'string' && kept.length < 2000) kept.push({ data, copy: Buffer.from(data) })
      if (random() > 0.02) return
      connection.pause()
      setTimeout(() => connection.resume(), until(random, 10))
    }
  }
  const { port } = (await server.listen(0)) as AddressInfo
  const talks = Array.from({ length: options.connectionCount }, (_, i) => talk(port, options, options.seed * 1000 + i))
  const counts = await Promise.all(talks)
  await server.close()
  const changed = kept.filter(({ data, copy }) => Buffer.compare(data as Buffer, copy as Buffer) !== 0)
  if (changed.length > 0)
    throw new Error(`${changed.length} of ${kept.length} messages changed after they were received`)
  const { heldBytes, bufferedBytes } = server.stats()
  if (heldBytes !== 0 || bufferedBytes !== 0)
    throw new Error(`${heldBytes} bytes are still held, ${bufferedBytes} buffered`)
  return counts.reduce((sum, count) => sum + count, 0)
}
