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
