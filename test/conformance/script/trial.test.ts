import { parseTarget } from '../../../src/conformance/peer/target.ts'
import { createTrial, startRawServer } from '../../support/conformance-trial.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/script/trial')

const ways: Record<string, [protocol: string, http2: boolean]> = {
  TLS: ['wss:', false],
  'HTTP/2 over TLS': ['wss:', true],
  'HTTP/2': ['ws:', true],
}

for (const [name, [protocol, http2]] of Object.entries(ways)) {
  test(`a connection over ${name} that does not open in time counts as a timeout`, async (t) => {
    const url = (await startRawServer(t, () => {})).replace('ws:', protocol)
    const trial = createTrial(t, url, undefined, { target: parseTarget(url, { http2 }), timeout: 100 })
    assert.match((await thrownBy(() => trial.connect())).message, 'within 100 ms')
    assert.is(trial.timedOut, true)
  })
}

test('what is wrong in the 101 to a request that should be refused does not count again', async (t) => {
  const url = await startRawServer(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'))
  })
  const breachesOf = async (id: string): Promise<number> => {
    const trial = createTrial(t, url, id)
    await trial.handshake()
    return trial.context.ledger.breachesOf('hs.resp.accept-once').length
  }
  assert.is(await breachesOf('hs.ok.minimal'), 1)
  assert.is(await breachesOf('hs.ver.missing'), 0)
})
