import {
  type Case,
  describeRate,
  describeTimes,
  expectCleanClose,
  expectEchoes,
  type LoadMessage,
  measureRoundTrips,
  openMany,
  sendLoad,
  type Trial,
} from '../../script/index.ts'
import { Op } from '../../wire/index.ts'
import { SINGLES } from './message-size.ts'

const ROUND_TRIPS = 1000

/** The size of a message in bytes, and Autobahn's limit for all round trips in seconds. */
const ROUND_TRIP_SIZES: [size: number, limit: number][] = [
  [0, 60],
  [16, 60],
  [64, 60],
  [256, 120],
  [1024, 240],
  [4096, 480],
]

const KINDS = ['text', 'binary'] as const

function roundTrips(kind: (typeof KINDS)[number], size: number, limit: number): Case {
  const message = { opcode: kind === 'text' ? Op.TEXT : Op.BINARY, payload: Buffer.alloc(size, SINGLES[kind]) }
  return {
    id: `perf.rtt-${kind}-${size}`,
    phase: 'alone',
    needs: ['echo'],
    limit: limit * 1000,
    async run(t) {
      const peer = await t.open()
      t.note(describeTimes(await measureRoundTrips(t, peer, Array<LoadMessage>(ROUND_TRIPS).fill(message))))
      await expectCleanClose(t, peer)
    },
  }
}

/** Sends messages without waiting for the echoes. */
async function pipeline(t: Trial, messages: readonly LoadMessage[]): Promise<void> {
  const peer = await t.open()
  const began = performance.now()
  const sending = sendLoad(peer, messages)
  await expectEchoes(t, peer, messages)
  await sending
  t.note(describeRate(messages.length, performance.now() - began, 'messages'))
  await expectCleanClose(t, peer)
}

/** Returns numbered texts of this size. */
function numbered(count: number, size: number): LoadMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    opcode: Op.TEXT,
    payload: Buffer.from(String(index).padEnd(size, '.')),
  }))
}

function mixed(t: Trial, count: number, largest: number): LoadMessage[] {
  return Array.from({ length: count }, () => {
    const size = t.random.integer(0, largest)
    return t.random.integer(0, 1) === 0
      ? { opcode: Op.TEXT, payload: Buffer.from(t.random.text(size)) }
      : { opcode: Op.BINARY, payload: t.random.bytes(size) }
  })
}

/** How many connections are opened at the same time. */
const OPENING_WIDTH = 50

/** Measures round trips on many connections at the same time, each with different texts. */
async function echoOnMany(t: Trial, count: number, trips: number): Promise<void> {
  const began = performance.now()
  const peers = await openMany(t, count, OPENING_WIDTH)
  const times = await Promise.all(
    peers.map((peer, number) => {
      const texts = Array.from({ length: trips }, (_, index) => Buffer.from(`${number}/${index}`))
      return measureRoundTrips(
        t,
        peer,
        texts.map((payload) => ({ opcode: Op.TEXT, payload })),
      )
    }),
  )
  t.note(describeTimes(times.flat()))
  t.note(describeRate(peers.length * trips, performance.now() - began, 'echoes'))
}

/** Round trips, pipelines and many connections (RFC 6455 §6.2): `perf`, Autobahn 9.7 and 9.8. */
export const throughput: Case[] = [
  ...KINDS.flatMap((kind) => ROUND_TRIP_SIZES.map(([size, limit]) => roundTrips(kind, size, limit))),
  {
    id: 'perf.pipeline-100k',
    phase: 'alone',
    needs: ['echo'],
    run: (t) => pipeline(t, numbered(100_000, 16)),
  },
  {
    id: 'perf.pipeline-mixed',
    phase: 'alone',
    needs: ['echo'],
    run: (t) => pipeline(t, mixed(t, 10_000, 4096)),
  },
  { id: 'perf.connections-100', phase: 'alone', needs: ['echo'], run: (t) => echoOnMany(t, 100, 100) },
  {
    id: 'perf.connections-1000',
    phase: 'alone',
    needs: ['echo'],
    tags: ['slow'],
    run: (t) => echoOnMany(t, 1000, 10),
  },
]
