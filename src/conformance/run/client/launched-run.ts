import type { CatalogueEntry } from '../../catalogue/entry.ts'
import { findEntry } from '../../catalogue/index.ts'
import type { Agent } from '../../client/agent.ts'
import { sendAnswer } from '../../client/answer.ts'
import type { Launcher } from '../../client/launcher.ts'
import { Visits } from '../../client/pending-upgrade.ts'
import { Mismatch } from '../../peer/inbound.ts'
import { WireLog } from '../../peer/wire-log.ts'
import { Trial } from '../../script/trial.ts'
import { fieldValue } from '../../wire/http.ts'
import { Random } from '../../wire/random.ts'
import { UNREACHABLE } from '../baseline.ts'
import { Runner, skipped } from '../runner.ts'
import { type ClientOutcome, type ClientRunOptions, createContext, headOf, receive, resultOf } from './client-run.ts'
import type { Host } from './host.ts'
import type { Plan } from './plan.ts'

/** The number of the connection that finds out what the client can. */
const LOOK = 0

/** Runs the cases with clients that the tool starts, one for each connection. */
export async function testLaunched(
  host: Host,
  plan: Plan,
  launcher: Launcher,
  options: ClientRunOptions,
): Promise<{ outcomes: ClientOutcome[]; unreachable?: string }> {
  const began = performance.now()
  const started = new Date().toISOString()
  const agent = createAgent(host, launcher, options)
  const { context } = agent
  const visits = new Map(plan.cases.map(({ first, count, entry }) => [entry.id, new Visits(agent, first, count)]))
  const look = new Visits(agent, LOOK, 1)
  host.taker = (arrival, number) => {
    const planned = plan.at(number)
    const place = number === LOOK ? look : visits.get(planned?.entry.id ?? '')
    if (place === undefined) arrival.transport.stream.destroy()
    else place.push(arrival)
  }
  const unreachable = await lookAt(agent, look)
  const head = headOf(options, context, agent.name, started)
  options.onStart?.(head)
  const cases = plan.cases.map((planned) => receive(planned, visits.get(planned.entry.id) as Visits))
  const { results, lost } =
    unreachable === undefined ? await runCases(agent, cases, options) : { results: skipAll(options), lost: true }
  const byId = new Map(results.map((one) => [one.id, one]))
  const ordered = options.entries.flatMap(({ id }) => byId.get(id) ?? [])
  const result = resultOf(head, context, ordered, performance.now() - began)
  options.onEnd?.(result)
  return { outcomes: [{ result, lost }], unreachable }
}

function createAgent(host: Host, launcher: Launcher, options: ClientRunOptions): Agent {
  return {
    name: options.label ?? 'client',
    context: createContext(options, host.base),
    launcher,
    base: host.base,
    keys: new Map(),
    speaks: false,
    command: null,
    gone: new Promise(() => {}),
  }
}

function runCases(agent: Agent, cases: ReturnType<typeof receive>[], options: ClientRunOptions) {
  const { launcher } = agent
  const yes = async (): Promise<boolean> => true
  const runner = new Runner({
    ...options,
    context: agent.context,
    onResult: (result) => options.onResult?.(result, agent.name),
    isServing: yes,
    revive: yes,
    crashCount: () => launcher?.crashes ?? 0,
    lastWords: () => launcher?.output ?? '',
  })
  return runner.run(cases)
}

function skipAll(options: ClientRunOptions) {
  const results = options.entries.map((entry) => skipped(entry, UNREACHABLE, options.repro(entry.id)))
  for (const result of results) options.onResult?.(result, options.label ?? 'client')
  return results
}

/** Finds out whether the client comes, whether it echoes, and whether its driver tells events. */
async function lookAt(agent: Agent, visits: Visits): Promise<string | undefined> {
  const { context } = agent
  const entry = findEntry('client.resp.ok') as CatalogueEntry
  const trial = new Trial(entry, context, new Random(context.seed, 'look'), new WireLog())
  try {
    const { peer, request, events } = await visits.next(trial)
    await sendAnswer(peer, request)
    await peer.sendText('look')
    const event = await peer.nextMeaningful()
    context.capabilities.echo = event?.kind === 'message'
    agent.speaks = events.find('open') !== undefined
    const userAgent = fieldValue(request, 'user-agent')
    if (userAgent !== null) context.observations.user_agent = userAgent
    return undefined
  } catch (error) {
    if (error instanceof Mismatch) return `the client does not connect (${error.actual})${outputOf(agent)}`
    throw error
  } finally {
    await visits.finish(trial)
  }
}

function outputOf({ launcher }: Agent): string {
  const output = launcher?.output.trim()
  return output ? `; its last output: ${output.split('\n').slice(-5).join('\n')}` : ''
}
