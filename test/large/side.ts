import { createHash } from 'node:crypto'
import { connect as connectSocket, type Socket } from 'node:net'
import { constants, deflateRawSync } from 'node:zlib'
import { connect } from '../../src/client/connect.ts'
import { createServer } from '../../src/session/create-server.ts'
import { require_websocket } from '../../src/session/views.ts'
import { upgradeRequest } from '../support/raw-client.ts'
import { until } from '../support/tick.ts'
import { Meter } from './meter.ts'
import type { Job, Report } from './run.ts'

/*
 * One side of a run, in a separate process: `side.ts ROLE JOB PORT`. The server prints its port. At the end, each side
 * prints its report as JSON.
 */

const [role, jobText, port] = process.argv.slice(2)
const job = JSON.parse(jobText) as Job
const meter = new Meter(job.size)
const hash = createHash('sha1')

/** Yields the content of the message: different blocks, or zeros, which compress to a thousandth. */
async function* content() {
  const block = Buffer.alloc(64 * 1024)
  for (let at = 0; at < job.size; at += block.length) {
    if (job.kind !== 'bomb') block.fill(`${at} `)
    hash.update(block)
    meter.count(block.length)
    yield block
  }
}

function read(part: string | Buffer): void {
  hash.update(part)
  meter.count(part.length)
}

function report(): void {
  const result: Report = { digest: hash.digest('hex'), ...meter.finish() }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

async function serve(): Promise<void> {
  const server = createServer({
    deflate: job.deflate,
    // The message is a thousand times as long as this.
    maxMessageSize: 1024 * 1024,
    urls: {
      '/': require_websocket(async ({ websocket }) => {
        if (job.kind === 'down') await websocket.send(content())
        else {
          meter.check()
          const message = await websocket.stream()
          // The reader is slow. What it does not read waits at the peer.
          if (job.kind === 'bomb') await until(() => websocket.connection.memoryUsed > 250 * 1024)
          meter.check()
          for await (const part of message!) read(part)
          await websocket.send('done')
        }
        report()
        await websocket.close()
        await server.close()
      }),
    },
  })
  const { port } = (await server.listen(0)) as { port: number }
  process.stdout.write(`${port}\n`)
}

async function visit(): Promise<void> {
  const connection = await connect(`ws://127.0.0.1:${port}`, { deflate: job.deflate })
  if (job.kind === 'down') {
    await new Promise<void>((onEnd) => connection.streamMessages(() => ({ onPart: read, onEnd })))
  } else {
    const answer = new Promise((resolve) => {
      connection.onMessage = resolve
    })
    connection.send(content())
    await answer
  }
  report()
  connection.close()
}

/**
 * Acts as a peer without the library: sends one frame of the whole size, or one compressed message of a thousandth of
 * it.
 */
async function visitRaw(): Promise<void> {
  const socket = connectSocket(Number(port), '127.0.0.1')
  const extension = job.deflate ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []
  socket.write(upgradeRequest('/', extension))
  await new Promise((resolve) => socket.once('data', resolve))
  socket.resume()
  if (job.kind === 'frame') {
    socket.write(head(0x82, job.size))
    for await (const block of content()) await write(socket, Buffer.from(block))
  } else await sendBomb(socket)
  await new Promise((resolve) => socket.once('close', resolve))
  report()
}

/** Sends each mebibyte of zeros as a fragment. The last fragment has the empty block at the end of a message. */
async function sendBomb(socket: Socket): Promise<void> {
  const mebibyte = Buffer.alloc(1024 * 1024)
  const flushed = deflateRawSync(mebibyte, { finishFlush: constants.Z_FULL_FLUSH })
  const count = job.size / mebibyte.length
  for (let index = 0; index < count; index++) {
    hash.update(mebibyte)
    await write(socket, Buffer.concat([head(index === 0 ? 0x42 : 0, flushed.length), flushed]))
  }
  await write(socket, Buffer.concat([head(0x80, 1), Buffer.of(0)]))
}

/** Encodes the header of a frame whose masking key is 0. */
function head(first: number, length: number): Buffer {
  const bytes = Buffer.alloc(14)
  bytes[0] = first
  bytes[1] = 0xff
  bytes.writeBigUInt64BE(BigInt(length), 2)
  if (length >= 65_536) return bytes
  bytes[1] = length < 126 ? 0x80 | length : 0xfe
  if (length >= 126) bytes.writeUInt16BE(length, 2)
  return Buffer.concat([bytes.subarray(0, length < 126 ? 2 : 4), Buffer.alloc(4)])
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve))
}

if (role === 'server') await serve()
else if (job.kind === 'frame' || job.kind === 'bomb') await visitRaw()
else await visit()
