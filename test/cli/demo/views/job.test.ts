import { sendText } from '../../../../src/cli/demo/static.ts'
import { job } from '../../../../src/cli/demo/views/job.ts'
import { serve } from '../../../support/session-server.ts'
import { assert, suite, type TestContext } from '../../../support/unit.ts'
import { openWs, type WsClient } from '../../../support/ws-client.ts'

const test = suite('job')

async function serveJobs(t: TestContext) {
  const { ws, errors } = await serve(t, { urls: { '/job': job((_, response) => sendText(response, 'page')) } })
  return { open: (key: string) => openWs(`${ws}/job?job=${key.padEnd(32, 'k')}`), errors }
}

// biome-ignore lint/suspicious/noExplicitAny: messages are checked one property at a time
async function next(client: WsClient): Promise<any> {
  const message = JSON.parse(String(await client.next()))
  return message.data === undefined ? message : JSON.parse(message.data)
}

async function isKnown(client: WsClient): Promise<boolean> {
  for (;;) {
    const message = await next(client)
    if (message.isKnown !== undefined) return message.isKnown
  }
}

test('a job reports every step, from 0 to 100 %', async (t) => {
  const { open, errors } = await serveJobs(t)
  const client = await open('one')
  assert.not.ok(await isKnown(client))
  client.send('start')
  client.send('start')
  const steps: { percent: number; found: number }[] = []
  while (steps.at(-1)?.percent !== 100) steps.push(await next(client))
  assert.equal(
    steps.map(({ percent }) => percent),
    Array.from({ length: 101 }, (_, step) => step),
  )
  // The number of primes below 30,000 and below 3,000,000, from a table.
  assert.equal([steps[0].found, steps[1].found, steps[100].found], [0, 3245, 216_816])
  assert.equal(errors, [])
})

test('a page that connects to a running job receives its progress, and cannot start it again', async (t) => {
  const { open } = await serveJobs(t)
  const first = await open('one')
  await isKnown(first)
  first.send('start')
  while ((await next(first)).percent !== 2);
  first.socket.terminate()
  const second = await open('one')
  // A page without an id is first notified of a gap, then receives the new events.
  assert.ok((await next(second)).gap)
  const { percent } = await next(second)
  assert.ok(percent >= 2)
  assert.ok(await isKnown(second))
  second.send('start')
  const later = [await next(second), await next(second)]
  assert.ok(percent < later[0].percent && later[0].percent < later[1].percent)
})

test('rejects more jobs than may run at a time', async (t) => {
  const { open } = await serveJobs(t)
  const clients = await Promise.all(Array.from({ length: 9 }, (_, index) => open(`job${index}`)))
  for (const client of clients) await isKnown(client)
  // All at once, so that no job is done before the last one is asked for.
  for (const client of clients) client.send('start')
  const answers = await Promise.all(clients.map(next))
  assert.equal(answers.map(({ isBusy }) => isBusy).sort(), [true, ...new Array(8)])
})

test('closes with 1008 without a key', async (t) => {
  const { open } = await serveJobs(t)
  assert.match(await (await open('-')).closed, /^1008 /)
})
