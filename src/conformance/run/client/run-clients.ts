import type { Launched } from '../../client/index.ts'
import { findCase } from '../../sections/index.ts'
import { UNREACHABLE } from '../verdict.ts'
import type { ClientOutcome, ClientRunOptions } from './client-run.ts'
import { LOST } from './driven-agent.ts'
import { Host } from './host.ts'
import { testLaunched } from './launched-run.ts'
import { Plan } from './plan.ts'

/** Milliseconds after its last case within which a driver may request its report. */
const GRACE = 3_000
/** Milliseconds for a driver to start, or to continue: browsers delay a connection by up to a minute after failures. */
const SILENCE = 120_000

/** The results of all clients that connected. */
interface ClientOutcomes {
  outcomes: ClientOutcome[]
  /** Why no client could be tested. */
  unreachable?: string
  /** How a driver ended before its last case. */
  lost?: string
}

/**
 * Tests clients. With a launcher the tester starts one for each connection. Otherwise it serves clients that connect on
 * their own with the protocol of Autobahn, until the expected number have run all cases or requested their report. When
 * no client connects, there is no outcome, and `unreachable` is the reason.
 */
export async function runClients(options: ClientRunOptions): Promise<ClientOutcomes> {
  const plan = new Plan(options.entries, findCase)
  const host = await Host.open(plan, options)
  options.onListening?.(host.base)
  try {
    if (options.launcher !== null) return await testLaunched(host, plan, options.launcher, options)
    return await serveDrivers(host, options)
  } finally {
    await host.close()
  }
}

async function serveDrivers(host: Host, options: ClientRunOptions): Promise<ClientOutcomes> {
  const driver = options.driver?.(host.base)
  const why = await firstEnd(host, options, driver)
  await Promise.all(host.agents.map((one) => one.finish()))
  const isEarly = why.reason !== undefined
  const outcomes = host.agents.map((one) => host.outcomes.get(one) ?? one.describe(why.reason))
  for (const { result } of outcomes.filter((one) => ![...host.outcomes.values()].includes(one))) {
    options.onEnd?.(result)
  }
  await host.close()
  await driver?.stop()
  if (outcomes.length > 0) return { outcomes, lost: outcomes.some(({ lost }) => lost) ? why.words : undefined }
  return {
    outcomes,
    unreachable: isEarly ? `${UNREACHABLE}: no client connected (${why.words})` : 'no client connected',
  }
}

/** Waits for the end of the run. `reason` is set unless the clients have finished. */
async function firstEnd(
  host: Host,
  options: ClientRunOptions,
  driver: Launched | undefined,
): Promise<{ reason?: string; words: string }> {
  const timers: NodeJS.Timeout[] = []
  const ends: Promise<{ reason?: string; words: string }>[] = [
    host.allDone(options.agents ?? 1, GRACE).then(() => ({ words: 'done' })),
  ]
  const { deadline, signal } = options
  if (driver !== undefined) {
    const { silence = SILENCE } = options
    const words = `it sent no request for ${silence / 1000} s and did not exit`
    ends.push(driver.exited.then((how) => ({ reason: LOST, words: how })))
    ends.push(host.silence(silence).then(() => ({ reason: LOST, words })))
  }
  if (deadline !== undefined) {
    ends.push(
      new Promise((resolve) => {
        timers.push(setTimeout(() => resolve({ reason: 'deadline', words: 'deadline' }), deadline))
      }),
    )
  }
  if (signal !== undefined) {
    ends.push(
      new Promise((resolve) => {
        const stop = (): void => resolve({ reason: 'interrupted', words: 'interrupted' })
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
      }),
    )
  }
  try {
    return await Promise.race(ends)
  } finally {
    for (const timer of timers) clearTimeout(timer)
  }
}
