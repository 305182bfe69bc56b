import { Mismatch } from '../../peer/index.ts'
import {
  type Case,
  describeAnswer,
  expectAlive,
  expectProbe,
  loadTimeout,
  type OpenOptions,
  type Trial,
} from '../../script/index.ts'

/**
 * Makes a case with an unusually large request. Every outcome is reported, and the case fails only when the server no
 * longer serves.
 */
function big(id: string, options: (t: Trial) => OpenOptions): Case {
  return {
    id: `hs.limit.${id}`,
    phase: 'last',
    async run(t: Trial) {
      const { response, peer } = await t.handshake(options(t))
      t.note(`answer: ${describeAnswer(response, peer)}`)
      if (response?.status === 101) await expectProbe(t, peer)
      peer.destroy()
      await expectAlive(t)
    },
  }
}

function manyFields(count: number): OpenOptions {
  return { add: Array.from({ length: count }, (_, index): [string, string] => [`X-Conf-${index}`, 'v']) }
}

const ENDLESS = 8 * 1024 * 1024
const PIECE = 64 * 1024

/** Makes a case that sends pieces, up to 8 MiB, until the server responds or ends (RFC 6455 §10.4). */
function endless(id: string, start: (t: Trial) => string, piece: string): Case {
  return {
    id: `hs.limit.${id}`,
    phase: 'last',
    async run(t: Trial) {
      const peer = await t.connect()
      await peer.sendBytes(Buffer.from(start(t)))
      const bytes = Buffer.from(piece.repeat(Math.ceil(PIECE / piece.length)))
      let sent = 0
      while (sent < ENDLESS && !peer.ended && peer.received === 0) {
        await peer.sendBytes(bytes)
        sent += bytes.length
      }
      const response = await peer.readResponse()
      const outcome = `${describeAnswer(response, peer)} after ${sent} bytes`
      t.require(response !== null || peer.ended, 'a response or the end before the head is complete', outcome)
      t.note(outcome)
      peer.destroy()
      await expectAlive(t)
    },
  }
}

/** Returns the beginning of the request, up to and including the line of the key. */
function halfRequest(t: Trial): Buffer {
  const { bytes } = t.request()
  return bytes.subarray(0, bytes.indexOf('\r\nSec-WebSocket-Version') + 2)
}

/** Notes what the server does while nothing more is sent, for at most `--idle` seconds. */
async function waitForGiveUp(t: Trial, start: Buffer | null): Promise<void> {
  const peer = await t.connect()
  if (start !== null) await peer.sendBytes(start)
  const began = performance.now()
  const response = await peer.readResponse(t.context.idle)
  const seconds = Math.round((performance.now() - began) / 100) / 10
  if (response !== null || peer.ended) t.note(`${describeAnswer(response, peer)} after ${seconds} s`)
  else t.note(`the connection was still open after ${seconds} s`)
  peer.destroy()
  await expectAlive(t)
}

async function finInHalf(t: Trial): Promise<void> {
  const peer = await t.connect()
  await peer.sendBytes(halfRequest(t))
  peer.end()
  const response = await peer.readResponse()
  t.require(response?.status !== 101, '400 or the end of the connection', describeAnswer(response, peer))
  const ended = peer.ended || (await peer.waitForEnd()) !== null
  // No rule requires a server to end TCP after the client did: it may wait for its own time limit.
  const isOver = response !== null || ended
  t.assertShould(isOver, '400 or the end of the connection', describeAnswer(response, peer), '6455-7.1.1-1')
  t.note(describeAnswer(response, peer))
  await expectAlive(t)
}

async function finAfterRequest(t: Trial): Promise<void> {
  const peer = await t.connect()
  const request = t.request()
  await peer.sendHead(request.bytes)
  peer.end()
  const { response } = await t.readAnswer(peer, request)
  const end = await peer.waitForEnd()
  t.note(`${describeAnswer(response, peer)}, then ${end === null ? 'the connection stays open' : end.toUpperCase()}`)
  peer.destroy()
  await expectAlive(t)
}

/** How many requests are reset. The RST of some arrives between the request and the response. */
const RESETS = 20

async function resetAfterRequest(t: Trial): Promise<void> {
  for (let sent = 0; sent < RESETS; sent++) {
    const peer = await t.connect()
    await peer.sendHead(t.request().bytes)
    peer.reset()
    t.release(peer)
  }
  await expectAlive(t)
}

/**
 * Opens 500 connections, 50 at a time, and closes each in the middle of the request. The queue of a listener may be
 * shorter than that, so a connection may take the time of a load.
 */
/**
 * Leaves ten times fifty connections after half a request. A target that serves one connection after the other accepts
 * only as many at the same time as its queue holds.
 */
async function abandon(t: Trial): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const attempts = await Promise.allSettled(Array.from({ length: 50 }, () => t.connect(false, loadTimeout(t))))
    const peers = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
    await Promise.all(peers.map((peer) => peer.sendBytes(halfRequest(t))))
    for (const peer of peers) peer.destroy()
    const failure = attempts.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined
    if (failure === undefined) continue
    if (!(failure.reason instanceof Mismatch)) throw failure.reason
    t.note(`the target accepts ${peers.length} of ${attempts.length} connections at the same time`)
    break
  }
  await expectAlive(t)
}

/** Sizes, partial requests and disconnects in the opening handshake (RFC 6455 §10.4): `hs.limit`. */
export const requestLimits: Case[] = [
  big('value-8k', () => ({ add: [['X-Conf', 'a'.repeat(8_192)]] })),
  big('value-64k', () => ({ add: [['X-Conf', 'a'.repeat(65_536)]] })),
  big('value-1m', () => ({ add: [['X-Conf', 'a'.repeat(1_048_576)]] })),
  big('fields-100', () => manyFields(100)),
  big('fields-1000', () => manyFields(1_000)),
  big('fields-10000', () => manyFields(10_000)),
  big('name-8k', () => ({ add: [[`X-${'a'.repeat(8_190)}`, 'v']] })),
  endless('endless-line', () => 'GET /', 'a'),
  endless('endless-fields', (t) => `GET ${t.context.target.base.path} HTTP/1.1\r\n`, 'X-n: v\r\n'),
  { id: 'hs.limit.silent', phase: 'idle', tags: ['idle'], run: (t) => waitForGiveUp(t, null) },
  { id: 'hs.limit.stalled', phase: 'idle', tags: ['idle'], run: (t) => waitForGiveUp(t, halfRequest(t)) },
  { id: 'hs.limit.fin-half', phase: 'last', run: finInHalf },
  { id: 'hs.limit.fin-full', phase: 'last', run: finAfterRequest },
  { id: 'hs.limit.rst-full', phase: 'last', tags: ['timing'], run: resetAfterRequest },
  { id: 'hs.limit.abandon-500', phase: 'last', run: abandon },
]
