import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Http2Connection,
  type Http2Settings,
  type Http2Stream,
  openHttp2,
} from '../../../src/conformance/peer/index.ts'
import {
  encodeFields,
  encodeHttp2Frame,
  FrameFlag,
  FrameType,
  type Http2Field,
  Setting,
  uint32,
} from '../../../src/conformance/wire/index.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, formatKib, formatMib, MIB } from '../finding.ts'
import { untilStable } from '../fresh-echo.ts'
import { http2TargetOf } from '../http2-target.ts'
import { Target } from '../target.ts'

/** Maximum duration of a flood in milliseconds. */
const FLOOD = 10_000
/** Maximum growth of the resident memory in a flood, in bytes: buffers of TLS and of the event loop. */
const GROWTH = 32 * MIB

const FIELDS: readonly Http2Field[] = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':authority', 'localhost'],
  [':path', '/'],
  ['sec-websocket-version', '13'],
]
const REQUEST = encodeFields(FIELDS)
const GET = encodeFields([
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'localhost'],
  [':path', '/'],
])

function open(target: Target, settings?: Http2Settings): Promise<Http2Connection> {
  return openHttp2(http2TargetOf(target.ownPort), 10_000, { settings })
}

/** Resolves to whether a WebSocket on a new connection gets its echo. */
async function isServing(target: Target): Promise<boolean> {
  const connection = await open(target)
  const stream = connection.request(FIELDS)
  await connection.until(() => stream.isSettled, 10_000)
  connection.destroy()
  return stream.response?.status === 200
}

/** Floods of frames that cost the server more than the client. `bytesOf` makes the next write. */
interface Flood {
  name: string
  /** CVE or section. */
  reference: string
  bytesOf(round: number): Buffer
  /**
   * Whether the streams are refused one by one. This costs the client as much as the server, so the connection may stay
   * open.
   */
  isRefused?: boolean
}

const newStream = (index: number): number => 2 * index + 1

const rapidReset: Flood = {
  name: 'streams opened and reset',
  reference: 'CVE-2023-44487',
  bytesOf: (round) =>
    Buffer.concat(
      Array.from({ length: 100 }, (_, index) => {
        const id = newStream(round * 100 + index)
        return Buffer.concat([
          encodeHttp2Frame(FrameType.HEADERS, FrameFlag.END_HEADERS, id, REQUEST),
          encodeHttp2Frame(FrameType.RST_STREAM, 0, id, uint32(8)),
        ])
      }),
    ),
}

const continuations: Flood = {
  name: 'CONTINUATION without an end',
  reference: 'CVE-2024-27316',
  bytesOf: (round) => {
    const part = encodeFields([['x-flood', 'x'.repeat(4_000)]])
    return encodeHttp2Frame(round === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, 0, 1, part)
  },
}

const pings: Flood = {
  name: 'PING',
  reference: 'CVE-2019-9512',
  bytesOf: () => Buffer.concat(new Array(500).fill(encodeHttp2Frame(FrameType.PING, 0, 0, Buffer.alloc(8)))),
}

const settings: Flood = {
  name: 'SETTINGS',
  reference: 'CVE-2019-9515',
  bytesOf: () => Buffer.concat(new Array(500).fill(encodeHttp2Frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(0)))),
}

/** A field of 4,000 bytes that is added to the table, then thousands of one-byte references to it (RFC 7541 §7.3). */
const headerBomb: Flood = {
  name: 'header bomb',
  reference: 'RFC 7541 §7.3',
  isRefused: true,
  bytesOf: (round) => {
    const value = Buffer.alloc(3_900, 'x')
    const literal = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f]), Buffer.from([0xbd, 0x1d]), value])
    const block = Buffer.concat([GET, literal, Buffer.alloc(10_000, 0xbe)])
    const flags = FrameFlag.END_HEADERS | FrameFlag.END_STREAM
    return encodeHttp2Frame(FrameType.HEADERS, flags, newStream(round), block)
  },
}

/** Sends a flood until the server ends the connection, and measures its cost. */
async function play(target: Target, { name, reference, bytesOf, isRefused = false }: Flood): Promise<Finding> {
  await untilStable(target)
  const level = target.resident
  target.resetPeak()
  const cpu = target.cpu
  const connection = await open(target)
  const began = performance.now()
  for (let round = 0; !connection.hasEnded && performance.now() - began < FLOOD; round++) {
    await connection.sendBytes(bytesOf(round))
    await sleep(0)
  }
  const seconds = (performance.now() - began) / 1000
  const hasEnded = connection.hasEnded
  connection.destroy()
  const growth = Math.max(0, target.peak - level)
  const measured = `${hasEnded ? 'ended' : 'open'} after ${seconds.toFixed(2)} s, ${formatMib(growth)}, ${Math.round(target.cpu - cpu)} ms CPU`
  const holds = (hasEnded || isRefused) && growth <= GROWTH && (await isServing(target))
  return finding(
    `P  ${name} (${reference})`,
    measured,
    `${isRefused ? '' : 'ended, '}≤ ${formatMib(GROWTH)}, then serving`,
    holds,
  )
}

/** Requests echoes from clients with closed windows, which are peers that do not read. */
async function closedWindows(target: Target): Promise<Finding> {
  await untilStable(target)
  const level = target.resident
  target.resetPeak()
  const connection = await open(target, [[Setting.INITIAL_WINDOW_SIZE, 0]])
  const count = 100
  const streams = Array.from({ length: count }, () => connection.request(FIELDS))
  for (const stream of streams) await connection.until(() => stream.isSettled, 10_000)
  const message = frame(2, Buffer.alloc(64 * 1024))
  for (const stream of streams) for (let i = 0; i < 64; i++) stream.write(message)
  await sleep(3_000)
  const growth = Math.max(0, target.peak - level)
  const echoed = streams.reduce((sum, stream) => sum + stream.receivedBytes, 0)
  const isServed = await isServing(target)
  connection.destroy()
  // A window of 256 KiB and a highWaterMark of 1 MiB for each, and what V8 has not freed yet.
  const bound = 1.5 * count * 1.25 * MIB
  return finding(
    `P  ${count} streams with a closed window, 4 MiB to echo on each`,
    `${formatMib(growth)}, ${echoed} bytes echoed`,
    `≤ ${formatMib(bound)}, 0 bytes`,
    growth <= bound && echoed === 0 && isServed,
  )
}

/** Requests 10,000 streams on one connection. */
async function tooManyStreams(target: Target): Promise<Finding> {
  await untilStable(target)
  const level = target.resident
  target.resetPeak()
  const connection = await open(target)
  const streams: Http2Stream[] = []
  for (let index = 0; index < 10_000 && !connection.hasEnded; index++) {
    streams.push(connection.request(FIELDS))
    if (index % 100 === 99) await sleep(0)
  }
  await connection.until(() => streams.every((stream) => stream.isSettled), 20_000)
  const served = streams.filter(({ response }) => response?.status === 200).length
  const growth = Math.max(0, target.peak - level)
  const isServed = await isServing(target)
  connection.destroy()
  return finding(
    'P  10,000 streams on one connection',
    `${served} served, ${formatMib(growth)}`,
    `≤ 256 served, ≤ ${formatMib(GROWTH)}`,
    served <= 256 && growth <= GROWTH && isServed,
  )
}

/** Measures the cost of one of 10,000 silent WebSockets on 40 connections. */
async function silentStreams(target: Target): Promise<Finding> {
  await untilStable(target)
  const level = target.resident
  const connections: Http2Connection[] = []
  let served = 0
  for (let index = 0; index < 40; index++) {
    const connection = await open(target)
    connections.push(connection)
    const streams = Array.from({ length: 250 }, () => connection.request(FIELDS))
    await connection.until(() => streams.every((stream) => stream.isSettled), 20_000)
    served += streams.filter(({ response }) => response?.status === 200).length
  }
  await untilStable(target)
  const each = (target.resident - level) / served
  for (const connection of connections) connection.destroy()
  const bound = 24 * 1024
  return finding(
    'P  10,000 silent streams on 40 connections',
    `${served} served, ${formatKib(each)} each`,
    `10,000, ≤ ${formatKib(bound)} each`,
    served === 10_000 && each <= bound,
  )
}

/** Attack P: the attacks that exist only over HTTP/2 (RFC 9113 §10.5). */
export async function http2Attacks(): Promise<Finding[]> {
  const target = await Target.echo()
  try {
    // Code that runs for the first time needs memory, which must not count for the attack.
    for (let round = 0; round < 20; round++) await isServing(target)
    const findings: Finding[] = []
    for (const flood of [rapidReset, continuations, pings, settings, headerBomb]) {
      findings.push(await play(target, flood))
    }
    findings.push(await closedWindows(target), await tooManyStreams(target), await silentStreams(target))
    return findings
  } finally {
    await target.stop()
  }
}
