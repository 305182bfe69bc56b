import { setTimeout as sleep } from 'node:timers/promises'
import { constants, createDeflateRaw, deflateRawSync } from 'node:zlib'
import { RawClient } from '../support/raw-client.ts'
import { closeFrame, frame, hex } from '../support/wire.ts'
import { Target } from './target.ts'

/** One line of the table: what was measured, its bound, and whether it holds. */
export interface Finding {
  attack: string
  measured: string
  bound: string
  holds: boolean
}

const MIB = 1024 * 1024
/** The default of `dwebsocket echo` (--max-message). */
const MESSAGE_LIMIT = 16 * MIB
const DEFLATE = ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

/** Says hello in every way, so that no code runs for the first time in the attack, and waits until memory is at rest. */
async function warmUp(target: Target): Promise<void> {
  for (const headers of [[], DEFLATE]) {
    const client = await RawClient.open(target.port, { headers })
    const pieces = Buffer.concat(new Array(5_000).fill(frame(0, 'x', { fin: false })))
    for (let round = 0; round < 10; round++) {
      const before = client.frames.length
      client.send(
        ...new Array(100).fill(frame(9, 'x'.repeat(125))),
        frame(1, 'é'.repeat(50_000)),
        frame(2, '', { fin: false }),
      )
      client.send(pieces, frame(0), frame(1, 'last'))
      await client.until(
        () => client.closed || client.frames.slice(before).some(({ payload }) => `${payload}` === 'last'),
      )
      client.frames.length = 0
    }
    await client.close()
  }
  await atRest(target)
}

/** Waits until resident memory moves by less than 256 KiB in half a second, 10 s at the most. */
async function atRest(target: Target): Promise<void> {
  let before = 0
  for (let i = 0; i < 20 && Math.abs(target.resident - before) > 256 * 1024; i++) {
    before = target.resident
    await sleep(500)
  }
}

/** Runs an attack on a fresh, warm echo server; the growth is that of the peak over the level before. */
async function onEcho<T>(attack: (target: Target, growth: () => number) => Promise<T>): Promise<T> {
  const target = await Target.echo()
  try {
    await warmUp(target)
    const level = target.resident
    target.resetPeak()
    return await attack(target, () => Math.max(0, target.peak - level))
  } finally {
    await target.stop()
  }
}

/** Writes until `total` bytes are written, the peer has closed, or nothing was taken for `patience` milliseconds. */
async function pour(client: RawClient, chunk: Buffer, total: number, patience: number): Promise<number> {
  const { socket } = client
  let last = performance.now()
  let flushed = 0
  for (let written = 0; written < total && !client.closed; ) {
    if (socket.writableLength < MIB) {
      socket.write(chunk)
      written += chunk.length
    }
    await sleep(socket.writableLength < MIB ? 0 : 5)
    const now = socket.bytesWritten - socket.writableLength
    if (now > flushed) last = performance.now()
    flushed = now
    if (performance.now() - last > patience) break
  }
  return socket.bytesWritten - socket.writableLength
}

/** A: one-byte fragments of a message that never ends. */
export function attackA(): Promise<Finding[]> {
  return onEcho(async (target, growth) => {
    const client = await RawClient.open(target.port)
    const begin = performance.now()
    const pieces = Buffer.concat(new Array(130_899).fill(frame(0, 'x', { fin: false })))
    client.send(frame(2, 'x', { fin: false }), pieces)
    client.send(frame(9, 'read'))
    await client.until(() => client.frames.length > 0 || client.closed)
    await sleep(1_000)
    const grown = growth()
    // It shows signs of life: only the message is late.
    const pings = setInterval(() => client.send(frame(9)), 5_000)
    await Promise.race([client.until(() => client.closed || client.ended), sleep(90_000)])
    clearInterval(pings)
    const seconds = (performance.now() - begin) / 1000
    client.socket.destroy()
    return [
      line(
        'A  130,900 one-byte fragments, no end',
        mib(grown),
        `< ${mib(2 * MESSAGE_LIMIT)}`,
        grown < 2 * MESSAGE_LIMIT,
      ),
      line(
        'A  … closed',
        `${client.closeCode} after ${seconds.toFixed(0)} s`,
        '1008 or 1009, in 75 s',
        [1008, 1009].includes(client.closeCode!) && seconds < 75,
      ),
    ]
  })
}

/** B: pings from a peer that never reads, as many as are taken in 20 s, 157 MB at the most. */
export function attackB(): Promise<Finding[]> {
  return onEcho(async (target, growth) => {
    const client = await RawClient.open(target.port)
    client.socket.pause()
    const pings = Buffer.concat(new Array(500).fill(frame(9, 'x'.repeat(125))))
    const taken = await Promise.race([pour(client, pings, 157e6, 5_000), sleep(20_000, 0)])
    const written = taken || client.socket.bytesWritten - client.socket.writableLength
    const grown = growth()
    const isCalm = await isIdle(target)
    client.socket.destroy()
    return [
      line(`B  pings, never read: ${(written / 1e6).toFixed(1)} MB were taken`, mib(grown), '< 8 MiB', grown < 8 * MIB),
      line('B  … 157 MB are not taken in 20 s', `${(written / 1e6).toFixed(1)} MB`, '< 30 MB', written < 30e6),
      line('B  … CPU afterwards', isCalm.text, '< 25 %', isCalm.holds),
    ]
  })
}

/** C: 381 MB to echo to a peer that never reads. */
export function attackC(): Promise<Finding[]> {
  return onEcho(async (target, growth) => {
    const client = await RawClient.open(target.port)
    client.socket.pause()
    const written = await pour(client, frame(2, Buffer.alloc(64_000)), 381 * MIB, 3_000)
    const grown = growth()
    client.socket.destroy()
    return [
      line(`C  echo, never read: ${(written / 1e6).toFixed(1)} MB were taken`, mib(grown), '< 8 MiB', grown < 8 * MIB),
      line('C  … reading stops', `${(written / 1e6).toFixed(1)} MB`, '< 40 MB', written < 40e6),
    ]
  })
}

/** D: what a connection costs that says nothing, and one that said one compressed message. */
export async function attackD(): Promise<Finding[]> {
  const own = await costOf(await Target.echo())
  const other = await costOf(await Target.ws())
  return [
    line('D  idle connection', kib(own.idle), `< ${kib(other.idle)} (npm ws)`, own.idle < other.idle),
    line('D  … after a compressed message', kib(own.used), `< ${kib(other.used)} (npm ws)`, own.used < other.used),
  ]
}

async function costOf(target: Target): Promise<{ idle: number; used: number }> {
  const COUNT = 2_000
  const clients: RawClient[] = []
  const openMany = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 100) {
      const some = Array.from({ length: 100 }, () => RawClient.open(target.port, { headers: DEFLATE }))
      clients.push(...(await Promise.all(some)))
    }
  }
  try {
    await warmUp(target)
    // The first connections pay for what all share.
    await openMany(300)
    await atRest(target)
    const empty = target.resident
    await openMany(COUNT)
    await atRest(target)
    const idle = target.resident
    const text = Buffer.from(JSON.stringify(Array.from({ length: 30 }, (_, i) => ({ id: i, name: `user ${i}` }))))
    const payload = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    for (const client of clients) {
      client.send(frame(1, payload, { rsv: 4 }))
      await client.receive(1)
    }
    await atRest(target)
    return { idle: (idle - empty) / COUNT, used: (target.resident - empty) / COUNT }
  } finally {
    for (const client of clients) client.socket.destroy()
    await target.stop()
  }
}

/** E: invalid UTF-8 in the first fragment of a text, the rest of which never comes. */
export function attackE(): Promise<Finding[]> {
  return onEcho(async (target) => {
    const client = await RawClient.open(target.port)
    client.send(
      frame(1, Buffer.concat([Buffer.from('ok'), hex('ff'), Buffer.alloc(997)]), { fin: false }).subarray(0, 11),
    )
    const began = performance.now()
    await Promise.race([client.until(() => client.closed || client.ended), sleep(5_000)])
    const passed = performance.now() - began
    client.socket.destroy()
    return [
      line(
        'E  bad UTF-8 in the first fragment',
        `${client.closeCode} at the bad byte`,
        '1007 at once',
        client.closeCode === 1007 && passed < 2_000,
      ),
    ]
  })
}

/** F: one byte of a header, then nothing. */
export function attackF(): Promise<Finding[]> {
  return onEcho(async (target) => {
    const client = await RawClient.open(target.port)
    const began = performance.now()
    client.send(hex('82'))
    await Promise.race([client.until(() => client.closed || client.ended), sleep(30_000)])
    const seconds = (performance.now() - began) / 1000
    client.socket.destroy()
    return [
      line(
        'F  one byte of a header',
        `${client.closeCode} after ${seconds.toFixed(1)} s`,
        '1008 within 15 s',
        client.closeCode === 1008 && seconds < 15,
      ),
    ]
  })
}

/** G: a frame in one-byte writes. */
export async function attackG(): Promise<Finding[]> {
  const own: number[] = []
  const other: number[] = []
  const half: number[] = []
  const [echo, ws] = [await Target.echo(), await Target.ws()]
  try {
    await warmUp(echo)
    await warmUp(ws)
    for (let round = 0; round < 5; round++) {
      half.push(await cpuOfTrickle(echo, 32_768))
      own.push(await cpuOfTrickle(echo, 65_536))
      other.push(await cpuOfTrickle(ws, 65_536))
    }
  } finally {
    await echo.stop()
    await ws.stop()
  }
  const [cpu, bound, first] = [own, other, half].map((times) => Math.min(...times))
  return [
    line('G  64 KB frame byte by byte, CPU', `${cpu.toFixed(0)} ms`, `< ${bound.toFixed(0)} ms (npm ws)`, cpu < bound),
    line('G  … against 32 KB', `${(cpu / first).toFixed(2)} times`, '< 3 times', cpu < first * 3),
  ]
}

async function cpuOfTrickle(target: Target, size: number): Promise<number> {
  const client = await RawClient.open(target.port)
  client.socket.setNoDelay(true)
  const bytes = frame(2, Buffer.alloc(size, 1))
  const before = target.cpu
  for (let at = 0; at < bytes.length; at++) {
    client.socket.write(bytes.subarray(at, at + 1))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await client.receive(1)
  const spent = target.cpu - before
  await client.close()
  return spent
}

/** H: 300 MB of zeros in 0.3 MB. */
export async function attackH(): Promise<Finding[]> {
  const bomb = await makeBomb(300)
  return onEcho(async (target, growth) => {
    const client = await RawClient.open(target.port, { headers: DEFLATE })
    client.send(frame(2, bomb, { rsv: 4 }))
    await Promise.race([client.until(() => client.closed || client.ended), sleep(20_000)])
    client.send(closeFrame(1009))
    client.socket.end()
    await sleep(500)
    const grown = growth()
    const metrics = await (await fetch(`http://127.0.0.1:${target.port}/metrics`)).text()
    const isSeen = /dwebsocket_closed_total\{code="1009"\} 1$/m.test(metrics)
    const bound = MESSAGE_LIMIT + 2 * MIB
    return [
      line(`H  300 MB bomb, ${kib(bomb.length)} on the wire`, mib(grown), `< ${mib(bound)}`, grown < bound),
      line(
        'H  … close code',
        `${client.closeCode}, server ${isSeen ? 1009 : 'other'}`,
        '1009, server 1009',
        client.closeCode === 1009 && isSeen,
      ),
    ]
  })
}

async function makeBomb(megabytes: number): Promise<Buffer> {
  const stream = createDeflateRaw()
  const chunks: Buffer[] = []
  stream.on('data', (chunk) => chunks.push(chunk))
  const zeros = Buffer.alloc(1_000_000)
  for (let i = 0; i < megabytes; i++) await new Promise<void>((resolve) => stream.write(zeros, () => resolve()))
  await new Promise<void>((resolve) => stream.flush(constants.Z_SYNC_FLUSH, () => resolve()))
  return Buffer.concat(chunks).subarray(0, -4)
}

async function isIdle(target: Target): Promise<{ text: string; holds: boolean }> {
  const before = target.cpu
  const began = performance.now()
  await sleep(2_000)
  const share = ((target.cpu - before) / (performance.now() - began)) * 100
  return { text: `${share.toFixed(1)} %`, holds: share < 25 }
}

const line = (attack: string, measured: string, bound: string, holds: boolean): Finding => ({
  attack,
  measured,
  bound,
  holds,
})
