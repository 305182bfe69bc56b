import { setTimeout as sleep } from 'node:timers/promises'
import { accept_websocket, type Broker, type Room, Rooms, type View } from '../../../index.ts'

const SMALL_MESSAGES = { maxMessageSize: 1024, heartbeat: true }

/** The latest state of a job, for an hour. */
const LATEST_STATE = { size: 1, ttl: 60 * 60 * 1000 }
const MAX_RUNNING = 8

/** The job counts the primes below `STEPS * STEP_SIZE`, and pauses between its steps so that others are served. */
const STEPS = 100
const STEP_SIZE = 30_000
const STEP_PAUSE = 60

/**
 * Starts a job and follows it. The states of each job go to a separate room, whose history has the latest one. A page
 * that reconnects to any process receives the progress of the job, or its completion.
 */
export function job(page: View, broker?: Broker): View {
  const rooms = new Rooms({ broker, history: LATEST_STATE })
  const running = new Set<string>()
  return accept_websocket(async (request, response) => {
    if (!request.is_websocket()) return page(request, response)
    const { websocket: session, query } = request
    const key = query.get('job') ?? ''
    if (!/^\w{16,64}$/.test(key)) return session.close(1008, 'the key of a job is needed')
    const room = rooms.room(`job ${key}`)
    const { missedCount } = await room.join(session, { last: '' })
    session.send(JSON.stringify({ isKnown: missedCount > 0 }))
    for await (const message of session) {
      if (message !== 'start' || missedCount > 0 || running.has(key)) continue
      if (running.size === MAX_RUNNING) {
        session.send(JSON.stringify({ isBusy: true }))
        continue
      }
      running.add(key)
      void countPrimes(room).finally(() => running.delete(key))
    }
  }, SMALL_MESSAGES)
}

/** Counts for several seconds, and broadcasts the state after every step, whether or not a page is connected. */
async function countPrimes(room: Room): Promise<void> {
  const startedAt = performance.now()
  let found = 0
  for (let step = 0; step <= STEPS; step++) {
    room.broadcast(
      JSON.stringify({ percent: (100 * step) / STEPS, found, milliseconds: performance.now() - startedAt }),
    )
    if (step === STEPS) return
    found += countBetween(step * STEP_SIZE, (step + 1) * STEP_SIZE)
    await sleep(STEP_PAUSE, undefined, { ref: false })
  }
}

function countBetween(start: number, end: number): number {
  let count = 0
  for (let number = start; number < end; number++) if (isPrime(number)) count++
  return count
}

function isPrime(number: number): boolean {
  if (number < 4) return number > 1
  if (number % 2 === 0 || number % 3 === 0) return false
  for (let divisor = 5; divisor * divisor <= number; divisor += 6) {
    if (number % divisor === 0 || number % (divisor + 2) === 0) return false
  }
  return true
}
