import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { prepare } from '../../src/connection/send/prepared-message.ts'
import { sharedMemoryUsed } from '../../src/connection/shared-memory.ts'
import { Arrivals } from '../../src/room/arrivals.ts'
import { Backlog } from '../../src/room/backlog.ts'
import { Hub, hubRules } from '../../src/room/broker/hub.ts'
import { Publisher, publisherRules } from '../../src/room/broker/publisher.ts'
import { readRoomsOptions } from '../../src/room/options.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('memory of rooms')

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Returns the number of bytes that live objects and buffers use. */
function usedNow(): number {
  // The second collection waits until the memory that the first one has found is released.
  for (let i = 0; i < 2; i++) collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const LIMIT = 8 * 1024 * 1024
const payloads = ['', 'x', 'é'.repeat(50), 'x'.repeat(3_000), '💬'.repeat(20_000), 'x'.repeat(1024 * 1024)]

/** Every store of rooms: `fill` adds an entry, `used` returns the bytes that the store counts. */
const stores: Record<string, (t: TestContext) => { fill(payload: string, index: number): void; used(): number }> = {
  history: (t) => {
    const hub = new Hub({ historyBytes: LIMIT })
    t.after(() => hub.close())
    const history = { size: 1e6, ttl: 1e6 }
    return {
      fill: (payload, sequence) =>
        void hub.publish('p', { topic: `t${sequence % 10}`, sequence, payload, compress: true, history, skipped: 0 }),
      used: () => hub.historyBytes,
    }
  },
  backlog: (t) => {
    const backlog = new Backlog(LIMIT)
    t.after(() => backlog.clear())
    return {
      fill: (payload) => backlog.push({ message: prepare(payload), except: [] }),
      used: () => backlog.bytes,
    }
  },
  arrivals: (t) => {
    const arrivals = new Arrivals<{ payload: string | Buffer }>(LIMIT, 1e6, ({ payload }) => payload)
    t.after(() => arrivals.dropBefore(arrivals.end))
    return {
      // The text of a broadcast has its own memory; see `copyPayload`.
      fill: (payload) => arrivals.push({ payload: Buffer.from(payload).toString() }),
      used: () => arrivals.bytes,
    }
  },
  publisher: (t) => {
    const options = { maxWaitingBytes: LIMIT, maxWaitingMessages: 1e6 }
    const publisher = new Publisher(options, () => new Promise<void>(() => {}))
    t.after(() => publisher.stop())
    return {
      fill: (payload, sequence) => publisher.publish('t', { sequence, payload, compress: true }, null),
      used: () => publisher.bytes,
    }
  },
}

for (const [name, makeStore] of Object.entries(stores)) {
  for (const payload of payloads) {
    test(`${name}: entries of ${payload.length} characters use at most 1.5 times what is counted`, (t) => {
      const store = makeStore(t)
      const before = { used: usedNow(), shared: sharedMemoryUsed() }
      // Each message is a separate text, as when a peer sends it.
      const count = Math.min(40_000, Math.ceil((1.5 * LIMIT) / (payload.length + 512)))
      for (let i = 0; i < count; i++) store.fill(Buffer.from(payload).toString(), i)
      const counted = store.used()
      assert.ok(counted > LIMIT / 2 && counted <= LIMIT + 2 ** 21, `${counted} are counted`)
      assert.is(sharedMemoryUsed() - before.shared, counted)
      const grown = usedNow() - before.used
      assert.ok(grown <= 1.5 * counted, `${grown} are used, ${counted} are counted`)
      // Keeps the store alive until here.
      assert.is(store.used(), counted)
    })
  }
}

test('SECURITY.md states the limits of every store', () => {
  const security = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')
  const stated = Object.fromEntries(
    [...security.matchAll(/^\| `(\w+)` +\| [^|]+\| (\d+) /gm)].map(([, name, value]) => [name, Number(value)]),
  )
  const limits = {
    historyBytes: hubRules.historyBytes.fallback,
    backlogBytes: readRoomsOptions({}).delivery.backlogBytes,
    maxWaitingBytes: publisherRules.maxWaitingBytes.fallback,
  }
  assert.equal(
    Object.keys(limits).map((name) => stated[name]),
    Object.values(limits),
  )
})
