import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, finding, formatMib, MIB } from '../finding.ts'
import { flood, untilStable } from '../fresh-echo.ts'
import { Target } from '../target.ts'

/** What a server of rooms may store by its defaults: the history of all rooms, and the backlog of one. */
const HISTORY = 64 * MIB
const BACKLOG = 16 * MIB
const ROOMS = 4
/** Resident memory over what the limits state. */
const SHARE = 1.5

/** J: one peer walks through rooms with history, and fills each with messages of the largest size, or of none. */
export async function historyOfRooms(): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, payload, count] of [
    ['1 MiB', 'x'.repeat(MIB - 100), 30],
    ['0 bytes', '', 200_000],
  ] as const) {
    const grown = await onRooms(async (target, growth) => {
      for (let room = 0; room < 10; room++) {
        const client = await RawClient.open(target.port, { path: `/history/${room}` })
        await flood(client, Buffer.concat(batch(payload)), (count / 10) * (payload.length + 6), 5_000)
        await client.close()
      }
      return growth()
    })
    const bound = SHARE * HISTORY
    findings.push(finding(`J  history of rooms, messages of ${name}`, formatMib(grown), '≤ 96 MiB', grown <= bound))
  }
  return findings
}

/** K: in four rooms a member does not read, and another one sends empty messages. */
export async function backlogsOfRooms(): Promise<Finding[]> {
  const grown = await onRooms(async (target, growth) => {
    // First with a member that reads: what remains of this is the heap of the runtime, not the backlog.
    await floodRoom(target, '/plain/warm', true)
    const level = growth()
    for (let room = 0; room < ROOMS; room++) await floodRoom(target, `/plain/${room}`, false)
    return growth() - level
  })
  // Besides the backlog: what waits for one member, as stated by `slowBytes`, and the message in progress.
  const bound = SHARE * ROOMS * (BACKLOG + 2 * MIB)
  return [finding('K  backlogs of slow members, empty messages', formatMib(grown), '≤ 108 MiB', grown <= bound)]
}

async function floodRoom(target: Target, path: string, isReading: boolean): Promise<void> {
  const member = await RawClient.open(target.port, { path })
  if (isReading) member.socket.removeAllListeners('data').resume()
  else member.socket.pause()
  const writer = await RawClient.open(target.port, { path })
  // Fills what may wait for one member, and the buffers of the system.
  await flood(writer, frame(2, Buffer.alloc(1_000_000)), 14e6, 5_000)
  await flood(writer, Buffer.concat(batch('')), 1e6, 5_000)
  await untilStable(target)
  if (isReading) member.socket.destroy()
}

const batch = (payload: string): Buffer[] => new Array(payload === '' ? 10_000 : 1).fill(frame(1, payload))

async function onRooms(attack: (target: Target, growth: () => number) => Promise<number>): Promise<number> {
  const target = await Target.rooms()
  try {
    await untilStable(target)
    const level = target.resident
    return await attack(target, () => Math.max(0, target.resident - level))
  } finally {
    await target.stop()
  }
}
