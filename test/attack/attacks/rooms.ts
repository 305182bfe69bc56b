import { RawClient } from '../../support/raw-client.ts'
import { frame } from '../../support/wire.ts'
import { type Finding, MIB } from '../finding.ts'
import { flood, untilStable } from '../fresh-echo.ts'
import { memoryFinding, pinnedBy } from '../pinned.ts'
import { Target } from '../target.ts'

/** Default limits of rooms in bytes: the history of all rooms, and the backlog of one room. */
const HISTORY = 64 * MIB
const BACKLOG = 16 * MIB
const ROOMS = 4

/**
 * Attack J: one peer visits rooms with history, and fills each of them with messages of the largest size, or with empty
 * ones.
 */
export async function historyOfRooms(): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [name, payload, count] of [
    ['1 MiB', 'x'.repeat(MIB - 100), 30],
    ['0 bytes', '', 200_000],
  ] as const) {
    const grown = await pinnedBy(await Target.rooms(), async (target) => {
      for (let room = 0; room < 10; room++) {
        const client = await RawClient.open(target.port, { path: `/history/${room}` })
        await flood(client, Buffer.concat(batch(payload)), (count / 10) * (payload.length + 6), 5_000)
        await client.close()
      }
    })
    findings.push(memoryFinding(`J  history of rooms, messages of ${name}`, grown, HISTORY))
  }
  return findings
}

/** Attack K: in each of four rooms, one member does not read, and another one sends empty messages. */
export async function backlogsOfRooms(): Promise<Finding[]> {
  const grown = await pinnedBy(await Target.rooms(), async (target) => {
    for (let room = 0; room < ROOMS; room++) await floodRoom(target, `/plain/${room}`)
  })
  // Besides the backlog: what waits for one member, as stated by `slowBytes`, and the message in progress.
  return [memoryFinding('K  backlogs of slow members, empty messages', grown, ROOMS * (BACKLOG + 2 * MIB))]
}

async function floodRoom(target: Target, path: string): Promise<void> {
  const member = await RawClient.open(target.port, { path })
  member.socket.pause()
  const writer = await RawClient.open(target.port, { path })
  // Fills what may wait for one member, and the buffers of the system.
  await flood(writer, frame(2, Buffer.alloc(1_000_000)), 14e6, 5_000)
  await flood(writer, Buffer.concat(batch('')), 1e6, 5_000)
  await untilStable(target)
}

const batch = (payload: string): Buffer[] => new Array(payload === '' ? 10_000 : 1).fill(frame(1, payload))
