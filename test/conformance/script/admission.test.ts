import type { Socket } from 'node:net'
import { Skip } from '../../../src/conformance/script/trial.ts'
import { createTrial, startRawServer } from '../../support/conformance-trial.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'
import { startServer } from '../broken/server.ts'
import type { Quirk } from '../unusual/quirks.ts'

const test = suite('conformance/script/admission')

async function unusualServer(t: TestContext, quirk: Quirk): Promise<string> {
  const server = await startServer({ defects: new Set([quirk]) })
  t.after(() => server.close())
  return server.url
}

/** Starts a server that answers each request as `answer` says; null ends the connection. */
function answering(t: TestContext, answer: (head: string) => string | null): Promise<string> {
  return startRawServer(t, (socket: Socket) => {
    socket.once('data', (bytes: Buffer) => {
      const head = answer(bytes.toString('latin1'))
      if (head === null) socket.destroy()
      else socket.end(`${head}\r\nContent-Length: 0\r\n\r\n`)
    })
  })
}

for (const quirk of ['serves-three-connections', 'closes-fourth-connection'] as const) {
  test(`waits until there is room for one more connection (${quirk})`, async (t) => {
    const trial = createTrial(t, await unusualServer(t, quirk))
    const [first] = await Promise.all([trial.open(), trial.open(), trial.open()])
    const fourth = trial.open()
    trial.release(first)
    assert.not.ok((await fourth).ended)
    assert.equal([trial.refused, trial.timedOut], [false, false])
  })

  test(`a case that needs more connections than the target serves is skipped (${quirk})`, async (t) => {
    const trial = createTrial(t, await unusualServer(t, quirk))
    await Promise.all([trial.open(), trial.open(), trial.open()])
    const error = await thrownBy(() => trial.open())
    assert.instance(error, Skip)
    assert.match(error.message, 'serves no further connection beside others')
    assert.equal([trial.refused, trial.timedOut], [true, false])
  })
}

test('a case that other cases leave no connection is repeated without them', async (t) => {
  const url = await unusualServer(t, 'serves-three-connections')
  const others = createTrial(t, url)
  await Promise.all([others.open(), others.open(), others.open()])
  const trial = createTrial(t, url, 'hs.ok.minimal', { crowd: others.context.crowd })
  assert.instance(await thrownBy(() => trial.open()), Skip)
  assert.is(trial.timedOut, true)
})

test('comes back when a target that limits the rate of connections asks for it', async (t) => {
  let count = 0
  const url = await answering(t, () =>
    count++ === 0 ? 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0' : 'HTTP/1.1 404 Not Found',
  )
  assert.is((await createTrial(t, url).handshake()).response?.status, 404)
})

test('does not come back for a target that wants it to wait for long', async (t) => {
  let count = 0
  const url = await answering(t, () => {
    count++
    return 'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3600'
  })
  const error = await thrownBy(() => createTrial(t, url).open())
  assert.instance(error, Skip)
  assert.equal([error.message, count], ['the target limits the rate of connections (429)', 1])
})

test('a refusal that a plain request does not get is about the request', async (t) => {
  const url = await answering(t, (head) => (head.includes('Cookie') ? 'HTTP/1.1 503 Busy' : 'HTTP/1.1 101 Yes'))
  const { response } = await createTrial(t, url).handshake({ add: [['Cookie', 'a=b']] })
  assert.is(response?.status, 503)
})

test('the end of the only connection is about the request', async (t) => {
  let count = 0
  const url = await answering(t, () => {
    count++
    return null
  })
  const { response, peer } = await createTrial(t, url).handshake()
  assert.equal([response, peer.ended, count], [null, true, 1])
})

test('a skipped case keeps the fault that it has found before', async (t) => {
  const trial = createTrial(t, await unusualServer(t, 'serves-three-connections'))
  trial.assert(false, 'a fault', 'found')
  const error = await thrownBy(() => trial.skip('no further connection'))
  assert.not.instance(error, Skip)
})
