import { type Agent, CaseReception, type Launcher } from '../../client/index.ts'
import { skipped } from '../case-result.ts'
import { Runner } from '../runner.ts'
import { UNREACHABLE } from '../verdict.ts'
import { type ClientOutcome, type ClientRunOptions, createContext, headOf, receive, resultOf } from './client-run.ts'
import { DETECTION, detectClient } from './detect-client.ts'
import type { Host } from './host.ts'
import type { Plan } from './plan.ts'

/** Runs the cases with clients that the tester starts, one for each connection. */
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
  const receptions = new Map(
    plan.cases.map(({ first, count, entry }) => [entry.id, new CaseReception(agent, first, count)]),
  )
  const detection = new CaseReception(agent, DETECTION, 1)
  host.onLaunched = (arrival, number) => {
    const planned = plan.at(number)
    const place = number === DETECTION ? detection : receptions.get(planned?.entry.id ?? '')
    if (place === undefined) arrival.transport.stream.destroy()
    else place.push(arrival)
  }
  const unreachable = await detectClient(agent, detection)
  const head = headOf(options, context, agent.name, started)
  options.onStart?.(head)
  const cases = plan.cases.map((planned) => receive(planned, receptions.get(planned.entry.id) as CaseReception))
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
    reportsEvents: false,
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
    crashTimes: () => launcher?.crashTimes ?? [],
    lastWords: () => launcher?.output ?? '',
  })
  return runner.run(cases)
}

function skipAll(options: ClientRunOptions) {
  const results = options.entries.map((entry) => skipped(entry, UNREACHABLE, options.repro(entry.id)))
  for (const result of results) options.onResult?.(result, options.label ?? 'client')
  return results
}
