import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { WebSocketServer } from '../../src/index.ts'
import { chance, chunking, cut, cycle } from '../support/arbitrary.ts'
import { RawClient } from '../support/raw-client.ts'
import { endOfTick } from '../support/tick.ts'
import { assert } from '../support/unit.ts'
import { frames } from './frame-input.ts'
import { expectFrames } from './frame-oracle.ts'
import type { Target } from './target.ts'

const LIMITS = { maxMessageSize: 80_000, maxFrames: 1_000 }
/** Time limit in milliseconds; only a hang takes this long. */
const PATIENCE = 10_000

const inputs = fc.record({
  bytes: frames(true),
  chunking,
  /** Whether the first chunk is sent in the segment of the request. */
  isEarly: chance(30),
  isReset: chance(10),
  /** Whether the next chunk waits for the next turn of the event loop. */
  waits: fc.array(chance(20), { minLength: 1, maxLength: 20 }),
})

type Input = typeof inputs extends fc.Arbitrary<infer T> ? T : never

/**
 * Starts an echo server in this process. The inputs are frames in random segments over the loopback, then an orderly
 * end or a reset.
 */
export async function startLiveTarget(): Promise<Target<Input>> {
  const errors: unknown[] = []
  const server = new WebSocketServer({ ...LIMITS, onError: (error) => errors.push(error) })
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  return {
    name: 'live connection',
    inputs,
    async check({ bytes, chunking, isEarly, isReset, waits }) {
      const expected = expectFrames(bytes, { role: 'server', ...LIMITS })
      const chunks = cut(bytes, chunking)
      const client = await RawClient.open(port, { behind: isEarly ? chunks.shift() : undefined })
      const waitsNext = cycle(waits)
      for (const chunk of chunks) {
        client.socket.write(chunk)
        if (waitsNext()) await endOfTick()
      }
      if (isReset) client.socket.resetAndDestroy()
      else client.socket.end()
      await withPatience(client.until(() => client.closed || client.ended))
      client.socket.destroy()
      for (const connection of server.connections) await withPatience(connection.gone)
      assert.equal(errors, [])
      if (!isReset) assert.equal(heard(client), framesOf(expected.events))
      return expected.frames
    },
    close: () => server.close(),
  }
}

async function withPatience(event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened within ${PATIENCE} ms`)), PATIENCE)
  })
  await Promise.race([event, late])
  clearTimeout(timer)
}

/** Returns the echoes and the Close that were received. Pongs are left out, because they may replace each other. */
function heard({ frames }: RawClient): string[] {
  return frames.flatMap(({ opcode, payload }) => {
    if (opcode === 8) return [`8 ${payload.length === 0 ? '' : payload.readUInt16BE(0)}`]
    return opcode === 10 ? [] : [`${opcode} ${payload.toString('hex')}`]
  })
}

function framesOf(events: string[]): string[] {
  return events.flatMap((event) => {
    const [what, ...rest] = event.split(' ')
    if (what === 'text') return [`1 ${rest[0]}`]
    if (what === 'binary') return [`2 ${rest[0]}`]
    return event.startsWith('send 8') ? [`8 ${rest[1]}`] : []
  })
}
