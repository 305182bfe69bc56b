import { redisServer, testWith } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { startRedis } from '../support/redis.ts'
import { openMember, type RoomMember, type RoomProcess, startProcesses, startWorkers } from '../support/room-fleet.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('rooms over several processes', { timeLimit: 120_000 })
const withRedis = testWith(test, redisServer)

const ROOMS = Array.from({ length: 20 }, (_, i) => `room-${i}`)
const MEMBERS = 300
const MESSAGES = 10_000
const PROCESSES = 3
/** Number of messages in one order. A process sends them in a burst, as its own peers would. */
const BURST = 50

async function openMembers(t: TestContext, processes: readonly RoomProcess[]): Promise<RoomMember[]> {
  return Promise.all(
    Array.from({ length: MEMBERS }, (_, i) =>
      openMember(t, processes[i % processes.length], ROOMS[Math.floor(i / processes.length) % ROOMS.length]),
    ),
  )
}

/** Makes random processes send to random rooms. Returns what each room must get from each process, in order. */
function sendMessages(processes: readonly RoomProcess[], phase: string, count: number) {
  const random = seededRandom(count)
  const below = (end: number): number => Math.floor(random() * end)
  const expected = new Map(ROOMS.map((room) => [room, processes.map((): string[] => [])]))
  for (let sent = 0; sent < count; sent += BURST) {
    const index = below(processes.length)
    const messages = Array.from({ length: BURST }, (_, i) => {
      const room = ROOMS[below(ROOMS.length)]
      const text = `${phase} ${index} ${sent + i}`
      expected.get(room)?.[index].push(text)
      return [room, text] as const
    })
    processes[index].tell({ order: 'broadcast', messages })
  }
  return expected
}

type Expected = ReturnType<typeof sendMessages>

const isOf = (phase: string) => (text: string) => text.startsWith(`${phase} `)

/** Waits until every member has all messages of a phase that it must get, except those that its process has missed. */
async function awaitMessages(members: readonly RoomMember[], phase: string, expected: Expected): Promise<void> {
  for (const { room, received, next } of members) {
    const wanted = expected.get(room)?.flat().length ?? 0
    while (received.filter(isOf(phase)).length < wanted) await next()
  }
}

/** Checks that every member has every message of the phase once, and those of one process in order. */
function checkMessages(members: readonly RoomMember[], phase: string, expected: Expected): void {
  for (const { room, received } of members) {
    const bySender = expected.get(room)?.map((_, index) => received.filter(isOf(`${phase} ${index}`)))
    assert.equal(bySender, expected.get(room), room)
  }
}

async function checkRound(
  members: readonly RoomMember[],
  processes: readonly RoomProcess[],
  phase: string,
  count: number,
): Promise<void> {
  const expected = sendMessages(processes, phase, count)
  await awaitMessages(members, phase, expected)
  checkMessages(members, phase, expected)
}

test('workers: every member gets every message once, those of one process in order', async (t) => {
  const processes = await startWorkers(t, PROCESSES)
  const members = await openMembers(t, processes)
  await checkRound(members, processes, 'only', MESSAGES)
  const all = await Promise.all(processes.map((each) => each.stats()))
  assert.equal(
    all.map(({ stats }) => [stats.gaps, stats.droppedMessages, stats.broker.droppedMessages]),
    processes.map(() => [0, 0, 0]),
  )
  assert.is(
    all.reduce((sum, { stats }) => sum + stats.members, 0),
    MEMBERS,
  )
})

withRedis('redis: every message arrives once, also after a restart of Redis; the gap is reported', async (t) => {
  const redis = await startRedis(t)
  const processes = await startProcesses(t, PROCESSES, redis.url)
  const members = await openMembers(t, processes)
  await checkRound(members, processes, 'before', MESSAGES / 2)

  await redis.kill()
  await allProcesses(processes, ({ stats }) => stats.broker.state === 'away')
  const meanwhile = sendMessages(processes, 'meanwhile', 500)
  await redis.restart()
  await allProcesses(processes, ({ stats }) => stats.broker.state === 'up' && stats.broker.waitingMessages === 0)
  // Redis has lost the rooms. Every process reports this for every room in which it has members.
  await allProcesses(processes, ({ inexact }) => inexact >= ROOMS.length)

  await checkRound(members, processes, 'after', MESSAGES / 2)
  const reports = await Promise.all(processes.map((each) => each.stats()))
  for (const [index, { room, received }] of members.entries()) {
    // Each message that was sent meanwhile has arrived, or the process has counted it as missed.
    const got = received.filter(isOf('meanwhile'))
    const missed = reports[index % PROCESSES].missed[room] ?? 0
    assert.is(got.length + missed, meanwhile.get(room)?.flat().length, room)
    assert.is(new Set(received).size, received.length, 'each once')
    for (const [sender, texts] of meanwhile.get(room)?.entries() ?? []) {
      const fromSender = got.filter(isOf(`meanwhile ${sender}`))
      assert.equal(
        fromSender,
        texts.filter((text) => fromSender.includes(text)),
      )
    }
  }
})

async function allProcesses(
  processes: readonly RoomProcess[],
  isSo: (report: Awaited<ReturnType<RoomProcess['stats']>>) => boolean,
): Promise<void> {
  for (const each of processes) while (!isSo(await each.stats()));
}
