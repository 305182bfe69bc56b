import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { parseTarget } from '../../src/conformance/peer/target.ts'
import type { CaseResult } from '../../src/conformance/result.ts'
import { runServer } from '../../src/conformance/run/run-server.ts'
import { selectCases, serverEntries } from '../../src/conformance/run/select.ts'
import { type ServerOptions, type WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { describeResult } from '../conformance/broken/prove.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('ws drop-in, conformance', { timeLimit: 180_000 })

/** What npm ws accepts in violation of a MUST of the RFCs, and the drop-in accepts as well. */
const LENIENCIES = {
  'other versions of HTTP': ['hs.version.http09', 'hs.version.http10'],
  'a request without one Host': ['hs.host.missing', 'hs.host.duplicate-same', 'hs.host.duplicate-other'],
  'any spelling of the number 13': ['hs.ver.decimal', 'hs.ver.hex', 'hs.ver.leading-zero', 'hs.ver.plus'],
  'any spelling of a number of window bits': [
    'pmd.neg.bad-cmwb-08',
    'pmd.neg.bad-smwb-010',
    'pmd.neg.bad-smwb-08',
    'pmd.neg.bad-smwb-decimal',
    'pmd.neg.bad-smwb-hex',
    'pmd.neg.bad-smwb-plus',
  ],
}

/** Runs the preset `core` against an echo. Resolves to the results that are neither passes nor notes. */
async function runCore(
  t: TestContext,
  options: ServerOptions,
  isWanted = (_id: string): boolean => true,
): Promise<CaseResult[]> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true, ...options })
  server.on('connection', (socket: WebSocket) => {
    socket.on('message', (data: Buffer, binary: boolean) => socket.send(data, { binary }))
  })
  await once(server, 'listening')
  t.after(() => {
    for (const client of server.clients!) client.terminate()
    server.close()
  })
  const entries = selectCases(serverEntries).filter(({ id }) => isWanted(id))
  const { result } = await runServer({
    target: parseTarget(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    entries,
    version: '0',
    selection: entries.map(({ id }) => id),
    jobs: 8,
    seed: 1,
    strict: true,
    timeout: 20_000,
    timeoutFactor: 1,
    idle: 1000,
    slowFactor: 1,
    retries: 0,
    subprotocol: undefined,
    maxMessage: 1024 * 1024,
    echo: 'auto',
    echoPrefix: '',
    repro: (id) => id,
  })
  assert.ok(result.cases.filter(({ verdict }) => verdict === 'pass').length > 400)
  return result.cases.filter(({ verdict }) => !['pass', 'info', 'skip'].includes(verdict))
}

test('breaks no MUST but where npm ws is lenient', async (t) => {
  // The slow cases test the same code as the other test.
  const isQuick = (id: string): boolean =>
    !id.startsWith('utf8.') && (!id.startsWith('pmd.') || id.startsWith('pmd.neg.'))
  const broken = (await runCore(t, {}, isQuick)).filter(({ verdict }) => verdict !== 'warn')
  assert.equal(broken.map(({ id }) => id).toSorted(), Object.values(LENIENCIES).flat().toSorted())
})

test('conforms strictly with the option dwebsocket', async (t) => {
  // A busy machine sends the message of a case that is cut into tiny pieces more slowly than a peer may.
  const found = await runCore(t, { dwebsocket: { minPayloadRate: 0 } })
  assert.equal(found.map(describeResult), [])
})
