import { describeInbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  expectAlive,
  expectCleanClose,
  expectEchoThenCleanClose,
  expectPongs,
  expectProbe,
  needEcho,
  sendInWay,
  type Trial,
  tagsOf,
  type Way,
} from '../../script/index.ts'
import { bytesOf, closeBody, describeFrame, type FrameSpec, hex, Op } from '../../wire/index.ts'

type Data = string | Uint8Array

function answered(id: string, data: (t: Trial) => Data, way: Way = 'whole'): Case {
  return {
    id: `ping.${id}`,
    ...tagsOf(way),
    async run(t: Trial) {
      const peer = await t.open()
      const payload = bytesOf(data(t))
      await sendInWay(t, peer, [{ opcode: Op.PING, payload }], way)
      const pong = await peer.expectPong(payload)
      const isPlain = pong.fin && pong.rsv === 0 && pong.masked === peer.expectsMask
      t.require(isPlain, 'a pong in one plain frame', describeFrame(pong))
      await expectCleanClose(t, peer)
    },
  }
}

/** Sends several pings. Expects pongs in order up to the last one (RFC 6455 §5.5.3). */
async function pingAll(t: Trial, payloads: readonly Data[], way: Way = 'whole'): Promise<Peer> {
  const peer = await t.open()
  const frames = payloads.map((payload) => ({ opcode: Op.PING, payload }))
  await sendInWay(t, peer, frames, way)
  await expectPongs(t, peer, payloads.map(bytesOf))
  return peer
}

function tenPings(id: string, way: Way): Case {
  const payloads = Array.from({ length: 10 }, (_, index) => `payload-${index}`)
  return { id: `ping.${id}`, ...tagsOf(way), run: async (t) => expectCleanClose(t, await pingAll(t, payloads, way)) }
}

/** Makes a case with an unsolicited pong. No reply is expected, but a pong is allowed at any time (RFC 6455 §5.5.3). */
function unsolicited(id: string, payload: string): Case {
  return {
    id: `ping.pong-unsolicited-${id}`,
    async run(t) {
      const peer = await t.open()
      await peer.sendFrames([
        { opcode: Op.PONG, payload },
        { opcode: Op.CLOSE, payload: closeBody(1000) },
      ])
      await expectCleanClose(t, peer, { sent: true })
    },
  }
}

async function pongThenPing(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames([
    { opcode: Op.PONG, payload: 'unsolicited pong payload' },
    { opcode: Op.PING, payload: 'ping payload' },
  ])
  await peer.expectPong(Buffer.from('ping payload'))
  await expectCleanClose(t, peer)
}

async function keepOrder(t: Trial): Promise<void> {
  const lengths = t.random.shuffle(Array.from({ length: 20 }, (_, index) => index * 6 + 1))
  await expectCleanClose(
    t,
    await pingAll(
      t,
      lengths.map((length) => t.random.bytes(length)),
    ),
  )
}

async function pingThousand(t: Trial): Promise<void> {
  const payloads = Array.from({ length: 1000 }, (_, index) => String(index).padStart(8, '0'))
  await expectCleanClose(t, await pingAll(t, payloads))
  await expectAlive(t)
}

async function pongThousand(t: Trial): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  await peer.sendFrames(Array.from({ length: 1000 }, (): FrameSpec => ({ opcode: Op.PONG, payload: 'pong' })))
  await expectEchoThenCleanClose(t, peer, { payload: 'after the pongs' })
}

/** Notes whether the pong of a ping after a large message arrives before or after its echo. */
async function pingDuringEcho(t: Trial): Promise<void> {
  needEcho(t)
  const peer = await t.open()
  const payload = Buffer.alloc(Math.min(16 * 1024 * 1024, t.context.maxMessage), 0x2a)
  await peer.sendBinary(payload)
  const began = performance.now()
  await peer.sendPing('during the echo')
  for (let rest = 2; rest > 0; rest--) {
    const event = await peer.nextMeaningful()
    t.note(`${describeInbound(event, t.timeout)} after ${Math.round(performance.now() - began)} ms`)
    if (event?.kind !== 'pong' && event?.kind !== 'message') return
  }
}

async function pingBeforeClose(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames([{ opcode: Op.PING }, { opcode: Op.CLOSE, payload: closeBody(1000) }])
  const event = await peer.nextMeaningful()
  // No pong is required after a Close was received, and a server may have read both together (RFC 6455 §5.5.2).
  if (event?.kind !== 'pong') t.note('the ping before the Close is not answered')
  if (event !== null && event.kind !== 'pong') peer.unshift(event)
  await expectCleanClose(t, peer, { sent: true, strict: true })
}

async function measurePong(t: Trial): Promise<void> {
  const peer = await t.open()
  const times: number[] = []
  for (let index = 0; index < 20; index++) {
    const began = performance.now()
    await peer.sendPing(`prompt-${index}`)
    await peer.expectPong(Buffer.from(`prompt-${index}`))
    times.push(performance.now() - began)
  }
  const median = times.sort((a, b) => a - b)[times.length / 2]
  t.observe('pong_median_ms', Math.round(median * 100) / 100)
  t.assert(median < 100, 'a median under 100 ms', `${Math.round(median)} ms`)
}

/** Sends nothing for the idle time. Returns the number of pings received, and the event that ended the time early. */
async function listen(t: Trial, peer: Peer): Promise<{ pings: number; cut: string | null }> {
  const deadline = performance.now() + t.context.idle
  let pings = 0
  for (let left = t.context.idle; left > 0; left = deadline - performance.now()) {
    const event = await peer.next(left, left)
    if (event?.kind === 'ping') pings++
    else if (event?.kind === 'close' || event?.kind === 'end') return { pings, cut: describeInbound(event, t.timeout) }
  }
  return { pings, cut: null }
}

async function answerServer(t: Trial): Promise<void> {
  const peer = await t.open()
  const { pings, cut } = await listen(t, peer)
  t.observe('server_pings_while_idle', pings)
  if (cut !== null) t.note(`ended while idle: ${cut}`)
  else await expectProbe(t, peer)
}

async function ignoreServer(t: Trial): Promise<void> {
  const peer = await t.open()
  peer.autoPong = false
  const { pings, cut } = await listen(t, peer)
  t.note(`${pings} pings unanswered, ${cut === null ? 'still open' : `ended: ${cut}`}`)
}

/** Ping and pong (RFC 6455 §5.5.2, §5.5.3): `ping`. */
export const pings: Case[] = [
  answered('empty', () => ''),
  answered('text', () => 'Hello, world!'),
  answered('binary', () => hex('00 FF FE FD FC FB 00 FF')),
  answered('125', () => Buffer.alloc(125, 0xfe)),
  answered('125-octets', () => Buffer.alloc(125, 0xfe), 'octets'),
  unsolicited('empty', ''),
  unsolicited('data', 'unsolicited pong payload'),
  { id: 'ping.pong-then-ping', run: pongThenPing },
  tenPings('ten', 'whole'),
  tenPings('ten-octets', 'octets'),
  ...[1, 2, 63, 64, 124].map((length) => answered(`len-${length}`, (t) => t.random.bytes(length))),
  { id: 'ping.order', run: keepOrder },
  { id: 'ping.thousand', run: pingThousand },
  { id: 'ping.thousand-pongs', run: pongThousand },
  { id: 'ping.during-echo', phase: 'alone', run: pingDuringEcho },
  { id: 'ping.before-close', run: pingBeforeClose },
  { id: 'ping.pong-prompt', phase: 'alone', run: measurePong },
  { id: 'ping.server-initiated', phase: 'idle', tags: ['idle'], run: answerServer },
  { id: 'ping.no-answer-to-server', phase: 'idle', tags: ['idle'], run: ignoreServer },
]
