import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { type LoadConnection, openConnection } from '../load/connection.ts'
import { BROWSER_OFFER, deflateMessage, readAcceptedDeflate } from '../load/deflate.ts'
import { describeClose } from '../load/reply-stream.ts'
import type { LoadOrder, LoadResult, PreparedLoad } from '../load/workload.ts'
import { BINARY, buildFrame, CLOSE, PING, readFrame, TEXT } from '../wire/frame.ts'

const MASK_KEY = Buffer.from([0x11, 0x22, 0x33, 0x44])
const MEGABYTE = 1024 * 1024
/** Milliseconds without progress after which a server counts as having stopped reading. */
const STALL_MS = 1500

/** An attack on one connection, within `ms` milliseconds. */
type Attack = (victim: Victim, ms: number) => Promise<void>

/** A connection that records how the server ended it. */
class Victim {
  readonly connection: LoadConnection
  end = ''
  endedAt = 0
  #pending: Buffer = Buffer.alloc(0)

  constructor(connection: LoadConnection) {
    this.connection = connection
    connection.onBytes = (bytes, start, end) => this.#receive(Buffer.from(bytes.subarray(start, end)))
    connection.onEnd = (error) => this.#note(error ? 'reset' : 'closed without a Close frame')
  }

  write(bytes: Uint8Array): boolean {
    return this.end !== '' || this.connection.write(bytes)
  }

  /** Waits until the server has ended the connection, for at most `ms` milliseconds. */
  async waitForEnd(ms: number): Promise<void> {
    const until = performance.now() + ms
    while (this.end === '' && performance.now() < until) await pause(20)
  }

  /** Writes `chunk` repeatedly up to `total` bytes; stops when the server stops reading. */
  async flood(chunk: Buffer, total: number, ms: number): Promise<void> {
    const until = performance.now() + ms
    const { socket } = this.connection
    let acceptedBytes = 0
    let progressAt = performance.now()
    for (let sent = 0; sent < total && this.end === '' && performance.now() < until; ) {
      if (socket.writableLength < MEGABYTE) {
        this.write(chunk)
        sent += chunk.length
      } else await pause(1)
      const now = sent - socket.writableLength
      if (now > acceptedBytes) progressAt = performance.now()
      acceptedBytes = now
      if (performance.now() - progressAt > STALL_MS) return
      await nextTurn()
    }
  }

  #receive(bytes: Buffer): void {
    // Only the first frame matters: a server that sends a frame other than Close has not ended the connection.
    this.#pending = Buffer.concat([this.#pending, bytes]).subarray(0, 4096)
    const frame = readFrame(this.#pending, 0)
    if (frame?.opcode === CLOSE) this.#note(`closed ${describeClose(frame)}`)
  }

  #note(how: string): void {
    if (this.end !== '') return
    this.end = how
    this.endedAt = performance.now()
  }
}

const attacks: Record<string, Attack> = {
  async fragments(victim, ms) {
    const first = buildFrame(BINARY, Buffer.from('x'), { maskKey: MASK_KEY, fin: false })
    const next = buildFrame(0, Buffer.from('x'), { maskKey: MASK_KEY, fin: false })
    victim.write(first)
    await victim.flood(Buffer.concat(Array<Buffer>(1000).fill(next)), 130_900 * next.length, ms)
    await victim.waitForEnd(1000)
  },
  async pings(victim, ms) {
    victim.connection.socket.pause()
    const ping = buildFrame(PING, Buffer.alloc(125, 'p'), { maskKey: MASK_KEY })
    await victim.flood(Buffer.concat(Array<Buffer>(500).fill(ping)), 150 * MEGABYTE, ms)
  },
  async unread(victim, ms) {
    victim.connection.socket.pause()
    await victim.flood(buildFrame(BINARY, Buffer.alloc(65_536, 'e'), { maskKey: MASK_KEY }), 380 * MEGABYTE, ms)
  },
  async utf8(victim, ms) {
    victim.write(buildFrame(TEXT, Buffer.from([0x61, 0xc3, 0x28]), { maskKey: MASK_KEY, fin: false }))
    await victim.waitForEnd(ms)
  },
  async header(victim, ms) {
    victim.write(Buffer.from([0x82]))
    await victim.waitForEnd(ms)
  },
  async trickle(victim, ms) {
    const frame = buildFrame(BINARY, Buffer.alloc(65_536, 't'), { maskKey: MASK_KEY })
    const until = performance.now() + ms
    for (let at = 0; at < frame.length && performance.now() < until; at++) {
      victim.write(frame.subarray(at, at + 1))
      if (at % 16 === 0) await nextTurn()
    }
  },
  async bomb(victim, ms) {
    readAcceptedDeflate(victim.connection.extensions)
    const bomb = deflateMessage(Buffer.alloc(300 * MEGABYTE))
    victim.write(buildFrame(BINARY, bomb, { maskKey: MASK_KEY, rsv1: true }))
    await victim.waitForEnd(ms)
  },
}

/** The names of the attacks. */
export const ATTACKS: readonly string[] = Object.keys(attacks)

/** Measures the effect of one hostile peer on the server, and notes how the server ends the connection. */
export async function prepareHostile(order: LoadOrder): Promise<PreparedLoad> {
  const attack = attacks[order.attack]
  if (!attack) throw new Error(`unknown attack “${order.attack}”; allowed: ${ATTACKS.join(', ')}`)
  const extensions = order.attack === 'bomb' ? BROWSER_OFFER : undefined
  // A normal connection loads the code that serves connections before the attack.
  const normal = await openConnection(order.target)
  const victim = new Victim(await openConnection(order.target, { extensions }))
  return {
    run: () => runAttack(victim, attack, order),
    async finish() {
      victim.connection.socket.destroy()
      normal.socket.destroy()
    },
  }
}

async function runAttack(victim: Victim, attack: Attack, order: LoadOrder): Promise<LoadResult> {
  const begin = performance.now()
  await attack(victim, order.durationMs)
  const seconds = (performance.now() - begin) / 1000
  const after = ((victim.endedAt - begin) / 1000).toFixed(2)
  const outcome = victim.end === '' ? `not closed in ${seconds.toFixed(1)} s` : `${victim.end} after ${after} s`
  return { count: 1, seconds, notes: [outcome] }
}
