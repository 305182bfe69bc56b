import { describeInbound, type Inbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  describeAnswer,
  expectAcceptAndProbe,
  expectAccepted,
  expectCleanClose,
  expectProbe,
  expectRoundTrip,
  headInBytes,
  headInPieces,
  inPieces,
  inPiecesTag,
  isBusy,
  isEnded,
  needEcho,
  type OpenOptions,
  onEach,
  skipCrowded,
  type Trial,
} from '../../script/index.ts'
import { fieldTokens, Op, sleep } from '../../wire/index.ts'

/**
 * A server may limit the time for a request head, and respond with 408 or close the connection (RFC 6455 §10.4, RFC 9110
 * §15.5.9). On a busy machine the head takes longer than such a limit.
 */
async function dribble(t: Trial): Promise<void> {
  const began = performance.now()
  const handshake = await t.handshake({ chop: headInBytes })
  const isLate = performance.now() - began > t.timeout
  if (handshake.response?.status === 408 || (isLate && isEnded(handshake))) {
    t.note(`${describeAnswer(handshake.response, handshake.peer)}: the time for a request head is limited`)
    return
  }
  expectAccepted(t, handshake)
  await expectProbe(t, handshake.peer)
}

async function acceptRandomKeys(t: Trial): Promise<void> {
  const keys = Array.from({ length: 48 }, () => t.random.bytes(16).toString('base64'))
  for (const letter of ['+', '/']) {
    let key = ''
    while (!key.includes(letter)) key = t.random.bytes(16).toString('base64')
    keys.push(key)
  }
  await onEach(t, keys, { width: 10, name: (key) => `key ${key}` }, async (key) => {
    const handshake = await t.handshake({ key })
    expectAccepted(t, handshake)
    handshake.peer.destroy()
  })
}

/** Splits the request after byte k, for each k, with a pause before the rest. */
async function splitAt(t: Trial, width: number, cuts: (length: number) => number[]): Promise<void> {
  const { length } = t.request().bytes
  await onEach(t, cuts(length), { width, name: (cut) => `split after byte ${cut}` }, (cut) =>
    expectAcceptAndProbe(t, { chop: headInPieces([cut, length]) }),
  )
}

/** Sends one field line per second. */
async function sendSlowly(t: Trial): Promise<void> {
  const peer = await t.connect()
  const request = t.request()
  const lines = request.bytes.toString('latin1').split(/(?<=\r\n)/)
  for (const [index, line] of lines.entries()) {
    if (index > 0) await sleep(800)
    if (peer.ended) break
    await peer.sendBytes(Buffer.from(line, 'latin1'))
  }
  const handshake = await t.readAnswer(peer, request)
  t.note(`answer: ${describeAnswer(handshake.response, peer)}`)
  if (handshake.response?.status === 101) await expectProbe(t, peer)
}

/** Sends a first request that does not upgrade, then an upgrade request on the same connection if it is still open. */
async function upgradeAfter(t: Trial, first: OpenOptions): Promise<void> {
  const { peer, response } = await t.handshake(first)
  t.require(response !== null, 'a response to the first request', describeAnswer(response, peer))
  t.require(response.status !== 101, 'no 101 for the first request', response.statusLine)
  const body = await peer.readBody(response)
  t.require(body !== null || peer.ended, 'a complete response to the first request', 'a body that does not end in time')
  const closes = fieldTokens(response, 'connection').includes('close')
  if (body === null || closes || peer.ended) {
    t.note(`the connection ends after the first response (${response.statusLine})`)
    return
  }
  const second = await t.handshakeOn(peer)
  if (isEnded(second)) {
    t.note(`the connection ends after the first response (${response.statusLine}), without Connection: close`)
    return
  }
  expectAccepted(t, second)
  await expectProbe(t, peer)
}

/** Sends frames with the request, and notes what happens to them. */
async function sendEarly(t: Trial, early: (peer: Peer) => Buffer, rest?: (peer: Peer) => Promise<void>): Promise<void> {
  const { peer, response } = await t.handshake({ early })
  if (response?.status !== 101) {
    t.note(`answer: ${describeAnswer(response, peer)}`)
    return
  }
  await rest?.(peer)
  const events: string[] = []
  const isLast = (event: Inbound): boolean =>
    event.kind === 'end' || (event.kind === 'message' && (rest !== undefined || !early.name.includes('three')))
  const last = await peer.skipWhile((event) => {
    events.push(describeInbound(event, t.timeout))
    return !isLast(event)
  })
  if (last === null) events.push('silence: the remaining frames are lost')
  t.note(`received: ${events.join(', ')}`)
}

/** Sends the first part of a text frame with the request, and the rest later. */
async function sendSplitFrame(t: Trial): Promise<void> {
  let rest: Uint8Array = Buffer.alloc(0)
  const early = (peer: Peer): Buffer => {
    const frame = peer.frameBytes({ opcode: Op.TEXT, payload: 'early' })
    rest = frame.subarray(3)
    return frame.subarray(0, 3)
  }
  await sendEarly(t, early, (peer) => peer.sendBytes(rest))
}

/**
 * Sends the first halves of fifty requests, then the second halves. A target chooses how many connections it serves
 * (RFC 6455 §10.4). The system may end a connection for which the queue of a listener has no room, so it is repeated.
 */
async function connectFifty(t: Trial): Promise<void> {
  const opened = await Promise.all(
    Array.from({ length: 50 }, async () => ({ peer: await t.connect(), request: t.request() })),
  )
  const half = Math.floor(opened[0].request.bytes.length / 2)
  for (const { peer, request } of opened) await peer.sendHead(request.bytes.subarray(0, half))
  for (const { peer, request } of opened) await peer.sendBytes(request.bytes.subarray(half))
  let served = 0
  await Promise.all(
    opened.map(async ({ peer, request }) => {
      const first = await t.readAnswer(peer, request)
      const handshake = isEnded(first) ? await t.attempt() : first
      if (isBusy(handshake.response) || isEnded(handshake)) return
      served++
      expectAccepted(t, handshake)
      await expectProbe(t, handshake.peer)
    }),
  )
  if (served < opened.length)
    skipCrowded(t, `the target serves ${served} of ${opened.length} connections at the same time`)
}

/** How a request is split, and what precedes and follows it on the connection: `hs.ok`. */
export const handshakeConnections: Case[] = [
  { id: 'hs.ok.dribble', run: dribble },
  { id: 'hs.ok.accept-random', run: acceptRandomKeys },
  {
    id: 'hs.ok.keepalive-first',
    run: (t) => upgradeAfter(t, { rewrite: (fields) => fields.filter(([name]) => name === 'Host') }),
  },
  { id: 'hs.ok.after-reject', run: (t) => upgradeAfter(t, { set: { 'Sec-WebSocket-Key': null } }) },
  {
    id: 'hs.ok.split-everywhere',
    phase: 'alone',
    ...inPiecesTag,
    run: (t) => splitAt(t, 16, (length) => Array.from({ length: length - 1 }, (_, k) => k + 1)),
  },
  {
    id: 'hs.ok.split-crlf',
    phase: 'alone',
    ...inPiecesTag,
    run: (t) => splitAt(t, 1, (length) => [4, 3, 2, 1].map((left) => length - left)),
  },
  { id: 'hs.ok.slow', phase: 'idle', tags: ['idle'], run: sendSlowly },
  {
    id: 'hs.ok.frame-with-request',
    needs: ['echo'],
    run: (t) => sendEarly(t, (peer) => peer.frameBytes({ opcode: Op.TEXT, payload: 'early' })),
  },
  {
    id: 'hs.ok.frames-with-request',
    needs: ['echo'],
    run: (t) =>
      sendEarly(t, function threeFrames(peer) {
        const ping = peer.frameBytes({ opcode: Op.PING, payload: 'early' })
        const text = peer.frameBytes({ opcode: Op.TEXT, payload: 'early' })
        return Buffer.concat([ping, text, peer.frameBytes({ opcode: Op.CLOSE, payload: Buffer.from([3, 0xe8]) })])
      }),
  },
  { id: 'hs.ok.frame-split-over-request', needs: ['echo'], run: sendSplitFrame },
  {
    id: 'hs.ok.frame-in-100-pieces',
    phase: 'alone',
    ...inPiecesTag,
    async run(t) {
      needEcho(t)
      const peer = await t.open()
      await expectRoundTrip(t, peer, { payload: t.random.text(100), chop: inPieces(t, 1) })
      await expectCleanClose(t, peer)
    },
  },
  { id: 'hs.ok.concurrent-50', run: connectFifty },
]
