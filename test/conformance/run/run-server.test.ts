import type { CatalogueEntry } from '../../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../../src/conformance/catalogue/index.ts'
import { parseTarget } from '../../../src/conformance/peer/target.ts'
import { OpenTimeout } from '../../../src/conformance/peer/transport.ts'
import { runServer, type ServerRunOptions } from '../../../src/conformance/run/run-server.ts'
import { sleep } from '../../../src/conformance/wire/poll.ts'
import { startRawServer, startUpgradedServer } from '../../support/conformance-trial.ts'
import { assert, suite } from '../../support/unit.ts'
import { startServer } from '../broken/server.ts'

const test = suite('conformance/run/run-server')

function run(url: string, ids: string[], changes: Partial<ServerRunOptions> = {}): ReturnType<typeof runServer> {
  return runServer({
    target: parseTarget(url),
    entries: ids.map((id) => findEntry(id) as CatalogueEntry),
    version: '1.2.3',
    selection: ids,
    jobs: 4,
    seed: 42,
    strict: false,
    timeout: 300,
    timeoutFactor: 0.1,
    idle: 200,
    retries: 0,
    maxMessage: 1 << 20,
    echo: 'auto',
    echoPrefix: '',
    repro: (id) => `again ${id}`,
    ...changes,
  })
}

test('returns a complete document about a conforming server', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const { result, lost } = await run(server.url, ['hs.ok.minimal', 'hs.key.empty'])
  assert.is(lost, false)
  assert.equal([result.schema, result.tool.version, result.options.seed], ['dwebsocket-conform/1', '1.2.3', 42])
  assert.equal(
    result.cases.map(({ id, verdict, repro }) => [id, verdict, repro]),
    [
      ['hs.ok.minimal', 'pass', 'again hs.ok.minimal'],
      ['hs.key.empty', 'pass', 'again hs.key.empty'],
    ],
  )
  assert.is(result.summary.verdict, 'conforming')
  assert.is(result.target.pmd, true)
})

test('reports each result as it is known', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const reported: string[] = []
  await run(server.url, ['hs.key.empty', 'hs.key.missing'], {
    onStart: ({ target }) => reported.push(target.url),
    onResult: ({ id }) => reported.push(id),
  })
  assert.equal(reported.sort(), ['hs.key.empty', 'hs.key.missing', server.url])
})

test('a server that answers nothing has its echo cases skipped', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket, bytes) => {
      if ((bytes[0] & 0x0f) === 8) socket.end(Buffer.from('880203e8', 'hex'))
    },
  )
  const { result } = await run(url, ['hs.ok.frame-in-100-pieces'])
  assert.is(result.cases[0].note, 'the target does not echo')
})

test('a server that refuses a plain handshake cannot be tested', async (t) => {
  const url = await startRawServer(t, (socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'))
  const { result, lost, unreachable } = await run(url, ['hs.ok.minimal'])
  assert.is(lost, true)
  assert.match(unreachable ?? '', '404 Not Found')
  assert.equal([result.cases[0].verdict, result.summary.verdict], ['skip', 'incomplete'])
})

test('a target that greets each client with the same number of messages can be tested', async (t) => {
  const server = await startServer({ defects: new Set(['greets'] as const) })
  t.after(() => server.close())
  const { result } = await run(server.url, ['hs.ok.minimal', 'misc.echo-type'])
  assert.equal([result.summary.fail, result.observations.greetings], [0, 1])
})

test('a target that sends messages of its own at any time cannot be tested', async (t) => {
  let count = 0
  const url = await startUpgradedServer(
    t,
    (socket) => void socket.write(Buffer.from('81026869'.repeat(++count), 'hex')),
    (socket, bytes) => void socket.write(echo(bytes)),
  )
  const { lost, unreachable } = await run(url, ['hs.ok.minimal'])
  assert.is(lost, true)
  assert.match(unreachable ?? '', 'sends 2 messages before an answer, then 3')
})

/** Returns the echo of a short masked frame, or the reply to a Close. */
function echo(bytes: Buffer): Buffer {
  const key = bytes.subarray(2, 6)
  const payload = bytes.subarray(6).map((byte, index) => byte ^ key[index % 4]!)
  return Buffer.concat([Buffer.from([bytes[0]!, payload.length]), payload])
}

test('a target that stops serving during the run is lost', async (t) => {
  let count = 0
  const server = await startServer()
  t.after(() => server.close())
  const target = parseTarget(server.url)
  const { connect } = target
  const refuse = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }))
  target.connect = (timeout) => (++count > 3 ? refuse() : connect(timeout))
  target.connectPlain = refuse
  const { lost, result } = await run(server.url, ['hs.limit.rst-full', 'hs.limit.fin-half'], { target, jobs: 1 })
  assert.is(lost, true)
  assert.equal(
    result.cases.map(({ verdict }) => verdict),
    ['crash', 'skip'],
  )
})

test('the process is asked to restart after a crash', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const target = parseTarget(server.url)
  const { connect } = target
  let isDown = false
  const crashTimes: number[] = []
  target.connect = async (timeout) => {
    if (isDown) throw new Error('gone')
    const transport = await connect(timeout)
    const reset = (): void => {
      isDown = true
      crashTimes.push(performance.now())
      transport.reset()
    }
    return { ...transport, reset }
  }
  const { lost, result } = await run(server.url, ['hs.limit.rst-full', 'hs.limit.fin-half'], {
    target,
    process: {
      crashTimes,
      lastWords: 'segmentation fault',
      async revive() {
        isDown = false
        return true
      },
    },
  })
  assert.is(lost, false)
  assert.equal(
    result.cases.map(({ verdict }) => verdict),
    ['crash', 'pass'],
  )
  assert.match(result.cases[0].note ?? '', 'segmentation fault')
})

test('a server that is busy for a while after a reset connection has neither crashed nor failed', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const target = parseTarget(server.url)
  const { connect } = target
  let busyUntil = 0
  target.connect = async (timeout) => {
    const left = busyUntil - performance.now()
    await sleep(Math.min(Math.max(left, 0), timeout))
    if (left > timeout) throw new OpenTimeout('no connection in time')
    const transport = await connect(timeout)
    const reset = (): void => {
      busyUntil = performance.now() + 800
      transport.reset()
    }
    return { ...transport, reset }
  }
  const { result, lost } = await run(server.url, ['close.rst-during-echo'], { target })
  assert.is(lost, false)
  assert.ok(['skip', 'pass', 'info'].includes(result.cases[0].verdict), JSON.stringify(result.cases[0]))
  assert.ok(busyUntil > 0)
})

test('a server that accepts a few connections at the same time is not accused of those that it does not accept', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const target = parseTarget(server.url)
  const { connect } = target
  let open = 0
  target.connect = async (timeout) => {
    if (open >= 7) {
      await sleep(timeout)
      throw new OpenTimeout('no connection in time')
    }
    open++
    const transport = await connect(timeout)
    transport.stream.once('close', () => open--)
    return transport
  }
  const { result } = await run(server.url, ['hs.limit.abandon-500'], { target, timeoutFactor: 1 })
  assert.is(result.cases[0].verdict, 'pass', JSON.stringify(result.cases[0]))
  assert.match(result.cases[0].note ?? '', 'the target accepts 7 of 50 connections at the same time')
})
