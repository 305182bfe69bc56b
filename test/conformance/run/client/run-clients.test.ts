import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import WebSocket from 'ws'
import type { AutobahnVerdict } from '../../../../src/conformance/autobahn-verdict.ts'
import { EventLog } from '../../../../src/conformance/client/event-log.ts'
import { CommandLauncher, type Launched, type Launcher } from '../../../../src/conformance/client/launcher.ts'
import { formats } from '../../../../src/conformance/report/index.ts'
import type { RunResult } from '../../../../src/conformance/result.ts'
import type { ClientRunOptions } from '../../../../src/conformance/run/client/client-run.ts'
import { runClients } from '../../../../src/conformance/run/client/run-clients.ts'
import { clientEntries, selectCases } from '../../../../src/conformance/run/select.ts'
import { bundleProgram } from '../../../support/bundle.ts'
import { buildContext } from '../../../support/conformance-result.ts'
import { assert, suite } from '../../../support/unit.ts'
import { driveClient, runClient } from '../../broken/client.ts'
import { formatRequest } from '../../broken/client-handshake.ts'
import { clientOptions, launchReference } from '../../broken/try-client.ts'

const test = suite('conformance/run/client/run-clients', { timeLimit: 60_000 })
const DRIVER = new URL('../../../support/autobahn-driver.ts', import.meta.url).pathname
const REFERENCE = fileURLToPath(new URL('../../broken/main.ts', import.meta.url))

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
    clientOptions(entriesOf(...include), { driver: (url) => launcher.start(url), timeout: 30_000 }),
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
    clientOptions(entriesOf('client.len.text-125', 'client.ping.text'), {
      driver: (url) => launcher.start(url),
      timeout: 30_000,
    }),
  )
  assert.ok(outcomes[0].lost)
  assert.is(outcomes[0].result.summary.verdict, 'incomplete')
})

test('a command is started for each connection, and its events are read', async () => {
  const launcher = new CommandLauncher(`${process.execPath} ${await bundleProgram(REFERENCE)} --client {url}`)
  const include = ['client.req.fragment', 'client.req.query', 'client.req.tls-first', 'client.req.tls-bad-cert']
  const entries = entriesOf(...include, 'client.close.abnormal', 'client.frame.masked-tls')
  const { outcomes } = await runClients(clientOptions(entries, { launcher, jobs: 3, timeout: 20_000 }))
  const verdicts = verdictsOf(outcomes[0].result)
  assert.is(verdicts['client.close.abnormal'], 'info')
  delete verdicts['client.close.abnormal']
  assert.equal([...new Set(Object.values(verdicts))], ['pass'])
})

test('the events of a client count, however late it reports them', async () => {
  const reference = launchReference()
  const launcher: Launcher = {
    ...reference,
    start(url) {
      const events = new EventLog()
      const launched = reference.start(url)
      return { ...launched, events, stop: () => launched.stop().finally(() => events.push({ event: 'open' })) }
    },
  }
  const { outcomes } = await runClients(clientOptions(entriesOf('client.close.abnormal'), { launcher }))
  assert.equal(verdictsOf(outcomes[0].result), { 'client.close.abnormal': 'info' })
})

test('a command that never connects makes the run end with the reason', async () => {
  const launcher = new CommandLauncher(`${process.execPath} -e "console.log('no')" {url}`)
  const { outcomes, unreachable } = await runClients(clientOptions(entriesOf('client.resp.ok'), { launcher }))
  assert.match(unreachable ?? '', /the client does not connect \(none; the client ended with exit code 0\)/)
  assert.is(outcomes[0].result.summary.verdict, 'incomplete')
})

test('a driver that neither connects nor exits makes the run end with the reason', async () => {
  const launcher = new CommandLauncher('sleep 600')
  const { outcomes, unreachable } = await runClients(
    clientOptions(entriesOf('client.resp.ok'), { driver: (url) => launcher.start(url), silence: 50 }),
  )
  assert.equal(outcomes, [])
  assert.match(unreachable ?? '', /no client connected \(it sent no request for 0\.05 s and did not exit\)/)
})

test('a driver that stops connecting but does not exit is lost', async () => {
  const driver = (url: string): Launched => {
    void runClient(`${url}/runCase?case=1&agent=stuck`)
    const never = new Promise<string>(() => {})
    return { events: new EventLog(), exited: never, ask: () => false, stop: async () => {} }
  }
  const entries = entriesOf('client.len.text-125', 'client.ping.text')
  const { outcomes, lost } = await runClients(clientOptions(entries, { driver, silence: 2_000 }))
  assert.equal(verdictsOf(outcomes[0].result), { 'client.len.text-125': 'pass', 'client.ping.text': 'skip' })
  assert.match(lost ?? '', 'sent no request for 2 s')
})

test('a client that repeats a request after a 401 is compared with its own URL', async () => {
  const launcher = launchReference(new Set(['repeats-after-401']))
  const include = ['client.resp.status-xxx', 'client.req.line', 'client.req.key-fresh']
  const { outcomes } = await runClients(clientOptions(entriesOf(...include), { launcher }))
  assert.equal([...new Set(Object.values(verdictsOf(outcomes[0].result)))], ['pass'])
  assert.match(outcomes[0].result.cases.find(({ id }) => id.endsWith('xxx'))?.note ?? '', 'repeats its key')
})

test('a client that connects on its own may repeat a request after a 401, too', async () => {
  const { url, running } = await serve(['client.resp.status-xxx'])
  await driveClient(url, 'repeats', { defects: new Set(['repeats-after-401']) })
  const { outcomes } = await running
  assert.equal(verdictsOf(outcomes[0].result), { 'client.resp.status-xxx': 'pass' })
})

test('a late event of one connection is not counted for the next', async () => {
  const { url, running } = await serve(['client.resp.bad-accept'])
  const tell = (number: number) =>
    fetch(`${url.replace('ws:', 'http:')}/event?agent=a&case=${number}&json=${encodeURIComponent('{"event":"open"}')}`)
  await runClient(`${url}/runCase?case=1&agent=a`)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write(formatRequest(new URL(`${url}/runCase?case=2&agent=a`), null, new Set()).bytes)
  await once(socket, 'data')
  await tell(1)
  socket.end()
  await once(socket.resume(), 'close')
  for (const number of [3, 4]) await runClient(`${url}/runCase?case=${number}&agent=a`)
  const { outcomes } = await running
  assert.equal(verdictsOf(outcomes[0].result), { 'client.resp.bad-accept': 'pass' })
})

test('many clients at once leave one listener for the exit of the tester', async () => {
  const before = process.listenerCount('exit')
  const launcher = new CommandLauncher('cat')
  const clients = Array.from({ length: 12 }, () => launcher.start('ws://127.0.0.1:1'))
  assert.is(process.listenerCount('exit'), before + 1)
  await Promise.all(clients.map((client) => client.stop()))
  assert.is(process.listenerCount('exit'), before)
})
