import { openConnections } from '../load/connection.ts'
import { Exchange } from '../load/exchange.ts'
import { echoScript, type Script, uploadScript } from '../load/script.ts'
import type { Job, PreparedLoad } from '../load/workload.ts'

/** Distinct messages that an open loop goes through. */
const OPEN_LOOP_MESSAGES = 16

/** Every message comes back as it was sent. */
export function prepareEcho(job: Job): Promise<PreparedLoad> {
  return prepareExchange(job, echoScript(job.kind, job.size, messagesOf(job), job.dialect))
}

/** Every message is answered by its length only: what receiving costs, without sending it back. */
export function prepareUpload(job: Job): Promise<PreparedLoad> {
  return prepareExchange(job, uploadScript(job.kind, job.size, messagesOf(job)))
}

function messagesOf(job: Job): number {
  return job.rate > 0 ? OPEN_LOOP_MESSAGES : job.depth
}

async function prepareExchange(job: Job, script: Script): Promise<PreparedLoad> {
  const connections = await openConnections(job.target, job.connections)
  const exchange = new Exchange(connections, script)
  const runFor = (ms: number) => (job.rate > 0 ? exchange.runOpen(job.rate, ms) : exchange.runClosed(ms))
  if (job.warmupMs > 0) await runFor(job.warmupMs)
  return { run: () => runFor(job.durationMs), finish: () => exchange.close() }
}
