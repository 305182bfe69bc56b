import { EventEmitter, once } from 'node:events'
import WebSocket from 'ws'
import type { AutobahnVerdict } from '../../../../src/conformance/autobahn-verdict.ts'
import { CommandLauncher } from '../../../../src/conformance/client/launcher.ts'
import { formats } from '../../../../src/conformance/report/index.ts'
import type { RunResult } from '../../../../src/conformance/result.ts'
import type { ClientRunOptions } from '../../../../src/conformance/run/client/client-run.ts'
import { runClients } from '../../../../src/conformance/run/client/run-clients.ts'
import { clientEntries, selectCases } from '../../../../src/conformance/run/select.ts'
import { buildContext } from '../../../support/conformance-result.ts'
import { assert, suite } from '../../../support/unit.ts'
import { driveClient, runClient } from '../../broken/client.ts'
import { clientOptions } from '../../broken/try-client.ts'

const test = suite('conformance/run/client/run-clients', { timeLimit: 60_000 })
const DRIVER = new URL('../../../support/autobahn-driver.ts', import.meta.url).pathname
const REFERENCE = new URL('../../broken/main.ts', import.meta.url).pathname

function entriesOf(...include: string[]) {
  return selectCases(clientEntries, { include })
}

/** Starts a run that waits for drivers. Resolves to its address. */
async function serve(include: string[], changes: Partial<ClientRunOptions> = {}) {
  const events = new EventEmitter()
  const listening = once(events, 'listening')
  const onListening = (url: string): void => void events.emit('listening', url)
  const running = runClients(clientOptions(entriesOf(...include), { onListening, ...changes }))
  const [url] = (await listening) as [string]
  return { url, running }
}

function verdictsOf({ cases }: RunResult): Record<string, string> {
  return Object.fromEntries(cases.map(({ id, verdict }) => [id, verdict]))
}

/** Resolves to the text that a WebSocket receives before it closes. */
async function ask(url: string): Promise<string> {
  const socket = new WebSocket(url)
  const closed = once(socket, 'close')
  const [data] = await once(socket, 'message')
  await closed
  return String(data)
}

test('a driver of npm ws written for Autobahn runs unchanged, and the run ends by itself', async () => {
  const launcher = new CommandLauncher(`${process.execPath} --import tsx ${DRIVER} {url}`)
  const include = ['client.len.text-125', 'client.frag.*', 'client.close.valid-*', 'client.resp.bad-accept']
  const { outcomes } = await runClients(
    clientOptions(entriesOf(...include), { driver: (url) => launcher.start(url), timeout: 3000 }),
  )
  const [{ result, lost }] = outcomes
  assert.not(lost)
  assert.is(result.target.label, 'ws')
  assert.is(result.target.side, 'client')
  assert.equal(
    result.cases.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'info').map(({ id }) => id),
    [],
  )
})

test('the count is that of the connections, and a case reports its id, title and status', async () => {
  const { url, running } = await serve(['client.len.text-0', 'client.resp.bad-accept'])
  assert.is(await ask(`${url}/getCaseCount`), '5')
  assert.equal(JSON.parse(await ask(`${url}/getCaseInfo?case=5`)).id, '1.1.1')
  assert.equal(JSON.parse(await ask(`${url}/getCaseStatus?case=5&agent=a`)), { behavior: 'UNIMPLEMENTED' })
  await driveClient(url, 'a')
  const { outcomes } = await running
  assert.equal(verdictsOf(outcomes[0].result), { 'client.len.text-0': 'pass', 'client.resp.bad-accept': 'pass' })
})

test('several clients at once are distinguished by their names, broken ones from good ones', async () => {
  const { url, running } = await serve(['client.len.text-125', 'client.ping.text'], { agents: 2 })
  await Promise.all([driveClient(url, 'good'), driveClient(url, 'bad', { defects: new Set(['answers-no-ping']) })])
  const { outcomes } = await running
  const verdicts = new Map(outcomes.map(({ result }) => [result.target.label, verdictsOf(result)]))
  assert.equal(verdicts.get('good'), { 'client.len.text-125': 'pass', 'client.ping.text': 'pass' })
  assert.equal(verdicts.get('bad'), { 'client.len.text-125': 'pass', 'client.ping.text': 'fail' })
})

test('the status that a driver asks for is that of -o autobahn', async () => {
  const { url, running } = await serve(['client.len.text-125', 'client.ping.text', 'client.close.valid-1000'])
  const defects = new Set(['answers-no-ping'] as const)
  const statuses: Record<string, string> = {}
  for (const id of ['1.1.2', '2.2', '7.7.1']) {
    await runClient(`${url}/runCase?casetuple=${id}&agent=a`, { defects })
    statuses[id] = JSON.parse(await ask(`${url}/getCaseStatus?casetuple=${id}&agent=a`)).behavior
  }
  await runClient(`${url}/updateReports?agent=a`)
  const { outcomes } = await running
  const rows = JSON.parse(formats.autobahn([outcomes[0].result], buildContext())).a as Record<string, AutobahnVerdict>
  assert.equal(statuses, Object.fromEntries(Object.entries(rows).map(([id, { behavior }]) => [id, behavior])))
  assert.is(statuses['2.2'], 'FAILED')
})

test('a driver may name cases by their Autobahn ids, and leave others out', async () => {
  const { url, running } = await serve(['client.len.text-125', 'client.ping.text'])
  const socket = new WebSocket(`${url}/runCase?casetuple=2.2&agent=one`)
  await once(socket, 'close')
  const results = await (await fetch(`${url.replace('ws:', 'http:')}/results.json?agent=one`)).json()
  assert.is(verdictsOf(results as RunResult)['client.ping.text'], 'pass')
  await once(new WebSocket(`${url}/updateReports?agent=one`), 'close')
  const { outcomes } = await running
  assert.equal(verdictsOf(outcomes[0].result), { 'client.len.text-125': 'skip', 'client.ping.text': 'pass' })
})

test('a client that is gone before its last case is lost', async () => {
  const script = `new (require('ws'))(process.argv[1] + '/runCase?case=1&agent=short').on('message', function (data) { this.send(String(data)) })`
  const launcher = new CommandLauncher(`${process.execPath} -e ${JSON.stringify(script)} {url}`)
  const { outcomes } = await runClients(
    clientOptions(entriesOf('client.len.text-125', 'client.ping.text'), { driver: (url) => launcher.start(url) }),
  )
  assert.ok(outcomes[0].lost)
  assert.is(outcomes[0].result.summary.verdict, 'incomplete')
})

test('a command is started for each connection, and its events are read', async () => {
  const launcher = new CommandLauncher(`${process.execPath} --import tsx ${REFERENCE} --client {url}`)
  const include = ['client.req.fragment', 'client.req.query', 'client.req.tls-first', 'client.req.tls-bad-cert']
  const entries = entriesOf(...include, 'client.close.abnormal', 'client.frame.masked-tls')
  const { outcomes } = await runClients(clientOptions(entries, { launcher, jobs: 3, timeout: 20_000 }))
  const verdicts = verdictsOf(outcomes[0].result)
  assert.is(verdicts['client.close.abnormal'], 'info')
  delete verdicts['client.close.abnormal']
  assert.equal([...new Set(Object.values(verdicts))], ['pass'])
})

test('a command that never connects makes the run end with the reason', async () => {
  const launcher = new CommandLauncher(`${process.execPath} -e "console.log('no')" {url}`)
  const { outcomes, unreachable } = await runClients(clientOptions(entriesOf('client.resp.ok'), { launcher }))
  assert.match(unreachable ?? '', /the client does not connect \(none; the client ended with exit code 0\)/)
  assert.is(outcomes[0].result.summary.verdict, 'incomplete')
})
