import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { createServer } from 'node:tls'
import type { CatalogueEntry } from '../../../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../../../src/conformance/catalogue/index.ts'
import { parseTarget } from '../../../../src/conformance/peer/target.ts'
import type { CaseResult } from '../../../../src/conformance/result.ts'
import { runServer } from '../../../../src/conformance/run/run-server.ts'
import { tlsHandshake } from '../../../../src/conformance/sections/server/tls.ts'
import { createTrial, startRawServer } from '../../../support/conformance-trial.ts'
import { assert, suite, type TestContext, thrownBy } from '../../../support/unit.ts'
import { startServer } from '../../broken/server.ts'

const test = suite('conformance/sections/server/tls')

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/tls/${name}`, import.meta.url))
}

/** Starts the echo server without defects behind TLS. `isRude` omits close_notify. */
async function startTls(t: TestContext, isRude = false): Promise<string> {
  const inner = await startServer()
  const { port } = new URL(inner.url)
  const server = createServer({ key: fixture('localhost.key'), cert: fixture('localhost.crt') }, (outer) => {
    const socket = connect({ port: Number(port), allowHalfOpen: true })
    socket.on('error', () => outer.destroy())
    outer.on('error', () => socket.destroy())
    outer.pipe(socket)
    if (!isRude) socket.pipe(outer)
    else {
      socket.pipe(outer, { end: false })
      socket.on('end', () => outer.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.close()
    await inner.close()
  })
  return `wss://localhost:${(server.address() as AddressInfo).port}/`
}

async function runTls(url: string, ids: readonly string[]): Promise<CaseResult[]> {
  const { result } = await runServer({
    target: parseTarget(url, { tls: { ca: fixture('localhost.crt') } }),
    entries: ids.map((id) => findEntry(id) as CatalogueEntry),
    version: '0',
    selection: ids,
    jobs: 4,
    seed: 1,
    strict: true,
    timeout: 1500,
    timeoutFactor: 1,
    idle: 200,
    retries: 0,
    maxMessage: 1 << 20,
    echo: 'auto',
    echoPrefix: '',
    repro: (id) => id,
  })
  return result.cases
}

const describe = ({ id, verdict, note }: CaseResult): string => `${id}: ${verdict} ${note ?? ''}`

test('an echo server behind TLS passes every case', async (t) => {
  const results = await runTls(
    await startTls(t),
    tlsHandshake.map(({ id }) => id),
  )
  const bad = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'info')
  assert.equal(bad.map(describe), [])
})

test('other cases run over TLS as they do in clear', async (t) => {
  const results = await runTls(await startTls(t), [
    'hs.ok.minimal',
    'hs.ok.dribble',
    'hs.key.missing',
    'hs.limit.rst-full',
  ])
  assert.equal(results.filter(({ verdict }) => verdict !== 'pass').map(describe), [])
})

test('a server that leaves close_notify out is warned', async (t) => {
  const [result] = await runTls(await startTls(t, true), ['hs.tls.close-notify'])
  assert.is(result.verdict, 'warn')
})

test('the cases are skipped for a target in clear', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const [result] = await runTls(server.url, ['hs.tls.basic'])
  assert.equal([result.verdict, result.note], ['skip', 'only for wss targets'])
})

test('a server that does not begin TLS in time may only be slow', async (t) => {
  const url = await startRawServer(t, () => {})
  const trial = createTrial(t, url.replace('ws:', 'wss:'), 'hs.tls.close-notify', { timeout: 200 })
  const closeNotify = tlsHandshake.find(({ id }) => id === trial.entry.id)
  const error = await thrownBy(() => closeNotify!.run(trial))
  assert.match(error.message, 'no TLS 1.2')
  assert.is(trial.timedOut, true)
})
