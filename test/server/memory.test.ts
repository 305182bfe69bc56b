import type { AddressInfo } from 'node:net'
import { getHeapStatistics } from 'node:v8'
import type { Connection } from '../../src/connection/connection.ts'
import { releaseSharedMemory, setMemoryUsed } from '../../src/connection/shared-memory.ts'
import { defaultMaxMemory, MemoryLedger } from '../../src/server/memory.ts'
import { WebSocketServer } from '../../src/server/server.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { frame, hex } from '../support/wire.ts'

const test = suite('memory')

// What rooms of other files in this process still store would count here.
releaseSharedMemory(Number.MAX_SAFE_INTEGER)

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

/** A connection that uses this many bytes. With `isStuck`, `fail` releases none of them. */
class Holder {
  readonly log: string[] = []
  memoryUsed: number
  reported = 0
  state: 'open' | 'closed' = 'open'
  readonly #isStuck: boolean
  ledger: MemoryLedger | null = null

  constructor(memoryUsed: number, isStuck = false) {
    this.memoryUsed = memoryUsed
    this.#isStuck = isStuck
  }

  account(): void {
    this.ledger!.change(this.memoryUsed - this.reported)
    this.reported = this.memoryUsed
  }

  fail(closeCode: number, code: string): void {
    this.log.push(`fail ${closeCode} ${code}`)
    if (!this.#isStuck) this.memoryUsed = 0
  }

  terminate(): void {
    this.log.push('terminate')
    this.memoryUsed = 0
  }
}

function ledgerOf(limit: number, holders: Holder[]): MemoryLedger {
  const ledger = new MemoryLedger(limit, holders as unknown as Connection[], (holder) =>
    (holder as unknown as Holder).account(),
  )
  for (const holder of holders) {
    holder.ledger = ledger
    holder.account()
  }
  return ledger
}

test('defaults to a quarter of the heap size limit', () => {
  assert.is(defaultMaxMemory(), Math.floor(getHeapStatistics().heap_size_limit / 4))
})

test('adds up the memory in use, and is spent at its limit', () => {
  const ledger = new MemoryLedger(100, [])
  ledger.change(99)
  assert.equal([ledger.used, ledger.isSpent], [99, false])
  ledger.change(1)
  assert.equal([ledger.used, ledger.isSpent], [100, true])
  ledger.change(-100)
  assert.equal([ledger.used, ledger.isSpent], [0, false])
})

test('closes the largest holders with 1013 until the rest fits, not in the middle of their work', async () => {
  const holders = [new Holder(10), new Holder(60), new Holder(20), new Holder(50)]
  const ledger = ledgerOf(100, holders)
  assert.ok(holders.every(({ log }) => log.length === 0))
  await nextTurn()
  assert.equal(
    holders.map(({ log }) => log),
    [[], ['fail 1013 ERR_WS_MEMORY'], [], []],
  )
  assert.is(ledger.used, 80)
})

test('memory exceeds the limit by at most an eighth and one chunk, however much one turn of the event loop reads', async () => {
  const holders: Holder[] = []
  const ledger = ledgerOf(800, holders)
  let most = 0
  // Each chunk is read in a separate tick, all of them in one turn.
  for (let i = 0; i < 100; i++) {
    const holder = new Holder(50)
    holder.ledger = ledger
    holders.push(holder)
    holder.account()
    most = Math.max(most, ledger.used)
    await new Promise<void>((resolve) => process.nextTick(resolve))
  }
  assert.is(most, 950)
  await nextTurn()
  assert.is(ledger.used, 800)
  assert.is(holders.filter(({ log }) => log.length === 0).length, 16)
})

test('checks the connections once for each eighth of the limit that is read in one turn', async () => {
  const holders = Array.from({ length: 8 }, () => new Holder(100))
  let looks = 0
  const ledger = new MemoryLedger(800, holders as unknown as Connection[], (holder) => {
    if ((holder as unknown as Holder) === holders[0]) looks++
    ;(holder as unknown as Holder).account()
  })
  for (const holder of holders) {
    holder.ledger = ledger
    holder.account()
  }
  // 100 bytes too much, in small steps.
  for (let i = 0; i < 100; i++) {
    holders[1].memoryUsed++
    holders[1].account()
    await new Promise<void>((resolve) => process.nextTick(resolve))
  }
  assert.is(looks, 0)
  await nextTurn()
  assert.is(looks, 1)
})

test('terminates a connection that uses much memory and whose peer does not read', async () => {
  const holders = [new Holder(101, true)]
  const ledger = ledgerOf(100, holders)
  await nextTurn()
  assert.equal(holders[0].log, ['fail 1013 ERR_WS_MEMORY', 'terminate'])
  assert.is(ledger.used, 0)
})

/** A connection whose stream frees its output some time after it was terminated. */
class SlowHolder extends Holder {
  override fail(closeCode: number, code: string): void {
    this.log.push(`fail ${closeCode} ${code}`)
  }

  override terminate(): void {
    this.log.push('terminate')
    this.state = 'closed'
  }
}

test('closes no more connections than needed when what they use is freed later', async () => {
  const large = [new SlowHolder(60), new SlowHolder(50), new SlowHolder(40)]
  const small = new Holder(45)
  const holders = [...large, small]
  ledgerOf(100, holders)
  await nextTurn()
  const cut = ['fail 1013 ERR_WS_MEMORY', 'terminate']
  const logs = () => holders.map(({ log }) => log)
  assert.equal(logs(), [cut, cut, [], []])
  // The others have grown, but fit without the closed ones.
  small.memoryUsed = 50
  small.account()
  await nextTurn()
  assert.equal(logs(), [cut, cut, [], []])
  large[2].memoryUsed = 51
  large[2].account()
  await nextTurn()
  assert.equal(logs(), [cut, cut, cut, []])
})

test('closes no connection when the exact figures are within the limit', async () => {
  const holders = [new Holder(101)]
  ledgerOf(100, holders)
  holders[0].memoryUsed = 100
  await nextTurn()
  assert.equal(holders[0].log, [])
})

test('relieves again when it is spent again', async () => {
  const holders = [new Holder(101), new Holder(1)]
  ledgerOf(100, holders)
  await nextTurn()
  holders[1].memoryUsed = 150
  holders[1].account()
  await nextTurn()
  assert.is(holders[1].log.length, 1)
})

test('stores that belong to no connection free memory before a connection is closed', async () => {
  let bytes = 90
  const store = {
    releaseMemory(count: number) {
      bytes -= count
      setMemoryUsed(store, bytes)
    },
  }
  const holders = [new Holder(30), new Holder(20)]
  const ledger = ledgerOf(100, holders)
  setMemoryUsed(store, bytes)
  assert.is(ledger.isSpent, true)
  ledger.onSharedMemoryGrown()
  await nextTurn()
  assert.is(bytes, 50)
  assert.ok(holders.every(({ log }) => log.length === 0))
  holders[0].memoryUsed = 150
  holders[0].account()
  await nextTurn()
  assert.is(bytes, 0)
  assert.equal(
    holders.map(({ log }) => log),
    [['fail 1013 ERR_WS_MEMORY'], []],
  )
})

test('S-09: a store that grows does not refuse connections permanently, and counts for every server with a connection', async (t) => {
  const server = new WebSocketServer({ maxMemory: 1_000_000 })
  server.onConnection = () => {}
  t.after(() => server.close(1001))
  const { port } = (await server.listen(0)) as AddressInfo
  const first = await RawClient.open(port)
  const released = new Promise<number>((resolve) => {
    const store = {
      releaseMemory(count: number) {
        setMemoryUsed(store, 0)
        resolve(count)
      },
    }
    setMemoryUsed(store, 1_500_000)
  })
  assert.ok((await released) >= 500_000)
  const second = await RawClient.open(port)
  assert.match(second.head, /^HTTP\/1\.1 101 /)
  for (const client of [first, second]) client.socket.destroy()
})

test('throws a RangeError for a limit that is not a positive number', async () => {
  for (const maxMemory of [0, -1, Number.NaN]) {
    assert.instance(await thrownBy(() => new WebSocketServer({ maxMemory })), RangeError)
  }
  assert.instance(await thrownBy(() => new WebSocketServer({ maxMemory: '1' as never })), TypeError)
})

test('S-09: refuses new connections with 503 while memory is used up, closes the largest connection, and accepts again', async (t) => {
  const server = new WebSocketServer({ maxMemory: 300_000, maxMessageSize: 1_000_000 })
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(() => server.close(1001))
  const connections: Connection[] = []
  server.onConnection = (connection) => {
    connections.push(connection)
    connection.onMessage = () => {}
  }
  const small = await RawClient.open(port)
  const large = await RawClient.open(port)
  small.send(frame(2, Buffer.alloc(50_000), { fin: false }))
  large.send(frame(2, Buffer.alloc(400_000), { fin: false }))
  await large.until(() => large.closed || large.ended)
  large.socket.destroy()
  assert.is(large.closeCode, 1013)
  assert.is(small.closeCode, null)
  assert.is(connections[0].state, 'open')
  await connections[1].gone
  // The unread messages of a session count as well.
  const { memoryUsed } = connections[0]
  assert.ok(memoryUsed >= 50_000 && memoryUsed < 300_000)
  connections[0].queuedBytes = () => 300_000 - memoryUsed
  assert.is(server.stats().heldBytes, 300_000)
  const late = await RawClient.open(port)
  await late.until(() => late.closed)
  assert.match(late.head, /^HTTP\/1\.1 503 /)
  assert.match(late.head, /Retry-After: 5\r\n/)
  small.socket.destroy()
  await connections[0].gone
  assert.is(server.stats().heldBytes, 0)
  const welcome = await RawClient.open(port)
  assert.match(welcome.head, /^HTTP\/1\.1 101 /)
  welcome.socket.destroy()
})

/** Resolves when `count` of the promises have resolved. */
function countSettled(promises: Promise<void>[], count: number): Promise<void> {
  return new Promise((resolve) => {
    for (const promise of promises) promise.then(() => --count === 0 && resolve())
  })
}

/** Returns a compressed message of empty blocks, some of them final. Each final block needs a new zlib stream. */
function slowPayload(): Buffer {
  const final = Buffer.concat([Buffer.alloc(6_000, hex('000000ffff')), hex('010000ffff')])
  return Buffer.concat([...Array.from({ length: 120 }, () => final), hex('00')])
}

test('S-09: spares a connection that uses little while others fill the memory with compressed messages', async (t) => {
  const server = new WebSocketServer({ maxMemory: 4_000_000, deflate: true })
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(() => server.close(1001))
  const headers = ['Sec-WebSocket-Extensions: permessage-deflate']
  const innocent = await RawClient.open(port, { headers })
  const senders = await Promise.all(Array.from({ length: 12 }, () => RawClient.open(port, { headers })))
  const message = frame(2, slowPayload(), { rsv: 4 })
  const unfinished = frame(2, Buffer.alloc(600_000), { fin: false })
  for (const sender of senders) sender.send(message, unfinished)
  const isGone = (client: RawClient): boolean => client.ended || client.closed
  // The memory of the unfinished messages fits only after six connections are gone.
  const ends = senders.map((sender) => sender.until(() => isGone(sender)))
  await countSettled(ends, 6)
  innocent.send(frame(2, 'still here'))
  await innocent.until(() => innocent.frames.length > 0 || isGone(innocent))
  assert.equal(
    innocent.frames.map(({ payload }) => payload.toString()),
    ['still here'],
  )
  assert.ok(senders.some((sender) => !isGone(sender)))
})
