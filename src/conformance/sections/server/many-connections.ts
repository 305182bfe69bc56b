import type { Peer } from '../../peer/index.ts'
import {
  type Case,
  describeRate,
  echoFault,
  expectAll,
  expectEcho,
  inParallel,
  type LoadMessage,
  loadTimeout,
  openMany,
  survivalCase,
  type Trial,
} from '../../script/index.ts'
import { type FrameSpec, hex, Op, sleep } from '../../wire/index.ts'

const INTERLEAVED = 200
const CHURNED = 2000
const RESET = 500
/** How many short connections are open at the same time. */
const WIDTH = 32
const VIOLATIONS = 100
/** How many violations run at the same time. */
const VIOLATION_WIDTH = 4

function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** Milliseconds between two rounds, so that the server reads the bytes separately. */
const PAUSE = 1

/** Sends one byte to each connection in turn, until all bytes are sent. */
async function sendInTurn(peers: readonly Peer[], frames: readonly Buffer[]): Promise<void> {
  const longest = Math.max(...frames.map(({ length }) => length))
  for (let at = 0; at < longest; at++) {
    await Promise.all(
      peers.map((peer, number) =>
        at < frames[number].length ? peer.sendBytes(frames[number].subarray(at, at + 1)) : null,
      ),
    )
    await sleep(PAUSE)
  }
}

/**
 * Sends messages in two fragments on all connections. Waits for pongs, so that all first fragments arrive before a
 * second one.
 */
async function interleave(t: Trial): Promise<void> {
  const texts = numbersTo(INTERLEAVED).map((number) => `${number}: ${t.random.text(t.random.integer(1, 60))}`)
  const peers = await openMany(t, INTERLEAVED)
  const cut = 2
  const starts = peers.map((peer, number) =>
    Buffer.concat([
      peer.frameBytes({ opcode: Op.TEXT, payload: texts[number].slice(0, cut), fin: false }),
      peer.frameBytes({ opcode: Op.PING, payload: `${number}` }),
    ]),
  )
  const ends = peers.map((peer, number) => peer.frameBytes({ opcode: Op.CONT, payload: texts[number].slice(cut) }))
  await expectAll(t, `${INTERLEAVED} echoes`, async () => {
    await sendInTurn(peers, starts)
    await Promise.all(peers.map((peer, number) => peer.expectPong(Buffer.from(`${number}`), loadTimeout(t))))
    await sendInTurn(peers, ends)
    await Promise.all(peers.map((peer, number) => expectEcho(t, peer, texts[number], Op.TEXT, loadTimeout(t))))
  })
}

/** Connects, sends one message and closes. Describes what fails, or returns null. */
async function upgrade(t: Trial, number: number): Promise<string | null> {
  const peer = await t.open()
  const message: LoadMessage = { opcode: Op.TEXT, payload: Buffer.from(`upgrade ${number}`) }
  await peer.sendFrame(message)
  const fault = echoFault(t, await peer.nextMeaningful(loadTimeout(t)), message)
  if (fault !== null) return fault
  await peer.sendClose(1000)
  const end = await peer.waitForEnd(loadTimeout(t))
  t.release(peer)
  return end === null ? 'no end after the Close' : null
}

async function churn(t: Trial): Promise<void> {
  const began = performance.now()
  let served = 0
  await inParallel(numbersTo(CHURNED), WIDTH, async (number) => {
    const fault = await upgrade(t, number)
    if (fault !== null) t.fail(`${CHURNED} connections, each with its echo and its end`, `${served}, then ${fault}`)
    served++
  })
  t.assert(true, `${CHURNED} connections, each with its echo and its end`, `${served}`)
  t.note(describeRate(served, performance.now() - began, 'connections'))
}

async function churnWithResets(t: Trial): Promise<void> {
  await inParallel(numbersTo(RESET), WIDTH, async () => {
    const peer = await t.open()
    const frame = peer.frameBytes({ opcode: Op.BINARY, payload: t.random.bytes(100) })
    await peer.sendBytes(frame.subarray(0, frame.length / 2))
    peer.reset()
    t.release(peer)
  })
}

/** Frames that must end a connection. */
const FAULTS: readonly FrameSpec[][] = [
  [{ opcode: Op.TEXT, payload: 'unmasked', mask: false }],
  [{ opcode: Op.TEXT, payload: 'reserved bit', rsv: 2 }],
  [{ opcode: 0x3, payload: 'reserved opcode' }],
  [{ opcode: Op.PING, payload: 'fragmented', fin: false }],
  [{ opcode: Op.PING, payload: 'a'.repeat(126) }],
  [{ opcode: Op.CONT, payload: 'orphan' }],
  [
    { opcode: Op.TEXT, payload: 'start', fin: false },
    { opcode: Op.TEXT, payload: 'again' },
  ],
  [{ opcode: Op.TEXT, payload: hex('ff') }],
  [{ opcode: Op.CLOSE, payload: hex('03') }],
  [{ opcode: Op.CLOSE, payload: hex('03ed') }],
]

async function violate(t: Trial, number: number): Promise<void> {
  const peer = await t.open()
  await peer.sendFrames(FAULTS[number % FAULTS.length])
  await peer.waitForEnd()
  t.release(peer)
}

/** Exchanges echoes on one connection during violations on others. */
async function echoBesides(t: Trial): Promise<void> {
  const good = await t.open()
  const work = { done: false }
  const violations = inParallel(numbersTo(VIOLATIONS), VIOLATION_WIDTH, (number) => violate(t, number)).finally(() => {
    work.done = true
  })
  const [count] = await Promise.all([echoUntil(t, good, work), violations])
  t.assert(true, 'all echoes on the valid connection', `${count} echoes`)
}

async function echoUntil(t: Trial, peer: Peer, work: { done: boolean }): Promise<number> {
  let count = 0
  while (!work.done) {
    const message: LoadMessage = { opcode: Op.TEXT, payload: Buffer.from(`good ${count}`) }
    await peer.sendFrame(message)
    const fault = echoFault(t, await peer.nextMeaningful(loadTimeout(t)), message)
    if (fault !== null) t.fail('all echoes on the valid connection', `${count} echoes, then ${fault}`)
    count++
  }
  return count
}

/** Large numbers of connections, and violations on other connections (RFC 6455 §10.4): `robust`. */
export const manyConnections: Case[] = [
  survivalCase('interleave-connections', interleave, { needs: ['echo'] }),
  survivalCase('churn-2000', churn, { needs: ['echo'] }),
  survivalCase('churn-rst-500', churnWithResets),
  survivalCase('neighbour', echoBesides, { needs: ['echo'] }),
]
