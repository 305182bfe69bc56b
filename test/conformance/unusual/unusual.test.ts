import { selectCases, serverEntries } from '../../../src/conformance/run/select.ts'
import { atOnce } from '../../support/at-once.ts'
import { assert, suite } from '../../support/unit.ts'
import { describeResult } from '../broken/prove.ts'
import { PATIENT, tryServer } from '../broken/try-server.ts'
import { quirks, silentQuirks, silentTopics, topics } from './quirks.ts'

const test = suite('conformance/unusual', { timeLimit: 300_000 })
const GOOD: ReadonlySet<string> = new Set(['pass', 'info', 'skip'])

/** Time limit in milliseconds for one event, where the tester waits in vain. */
const SHORT = 3000

/** A run mostly waits, so several servers are tested at the same time, each in a separate run. */
const run = atOnce(4)

test('there are at least 30 quirks, and a server has each of them', () => {
  const names = Object.keys(quirks)
  assert.ok(names.length >= 30)
  assert.equal([...new Set(topics.flatMap(({ servers }) => servers.flat()))].toSorted(), names.toSorted())
})

test('a server that decodes no key is only warned of keys that it cannot decode (RFC 6455 §4.2.2)', async () => {
  const entries = selectCases(serverEntries, { include: ['hs.key,hs.resp,hs.ok'], exclude: ['hs.key.empty'] })
  const results = await tryServer(entries, new Set(['accepts-any-key']), { jobs: 8, ...PATIENT })
  const bad = results.filter(({ verdict }) => !GOOD.has(verdict))
  assert.equal(bad.filter(({ id, verdict }) => verdict !== 'warn' || !id.startsWith('hs.key.')).map(describeResult), [])
})

test(`nothing accuses the server over HTTP/2 that ${quirks['refuses-origins']}`, async () => {
  const entries = selectCases(serverEntries, { include: ['h2.ok'] })
  const results = await tryServer(entries, new Set(['refuses-origins']), { http2: true, ...PATIENT })
  assert.equal(results.filter(({ verdict }) => !GOOD.has(verdict)).map(describeResult), [])
  assert.ok(results.some(({ verdict }) => verdict === 'pass'))
})

test('a request that is refused because of its offer counts once, and no message is missed', async () => {
  const entries = selectCases(serverEntries, {
    include: ['pmd.neg.smwb-9,pmd.ab.offer-smwb9.1,pmd.data.server-window-9'],
  })
  const results = await tryServer(entries, new Set(['pmd-refuses-request-with-server-bits']), PATIENT)
  assert.equal(
    results.map(({ id, verdict }) => `${id} ${verdict}`),
    ['pmd.neg.smwb-9 warn', 'pmd.data.server-window-9 skip', 'pmd.ab.offer-smwb9.1 skip'],
  )
})

test('the reference model of the fuzz cases accuses no correct server', async () => {
  const entries = selectCases(serverEntries, { include: ['robust.fuzz-frames,robust.fuzz-bitflip'] })
  for (const name of [null, 'ignores-faults-of-senders', 'answers-pongs'] as const) {
    const results = await run(() => tryServer(entries, new Set(name === null ? [] : [name]), { timeout: SHORT }))
    assert.equal(results.filter(({ verdict }) => verdict !== 'pass').map(describeResult), [])
  }
})

for (const name of Object.keys(silentTopics) as (keyof typeof silentTopics)[]) {
  const { selection, warned } = silentTopics[name]
  const entries = selectCases(serverEntries, { include: [selection] })
  const results = run(() => tryServer(entries, new Set([name]), { jobs: 8, timeout: SHORT }))
  results.catch(() => {})
  test(`nothing fails the server that ${silentQuirks[name]} (${name})`, async () => {
    const bad = (await results).filter(({ verdict }) => !GOOD.has(verdict))
    assert.equal(bad.filter(({ id, verdict }) => verdict !== 'warn' || !warned?.test(id)).map(describeResult), [])
    assert.ok((await results).some(({ verdict }) => verdict === 'pass'))
  })
}

for (const { servers, selection } of topics) {
  const entries = selectCases(serverEntries, { include: ['quick', selection] })
  for (const names of servers) {
    const results = run(() => tryServer(entries, new Set(names), { jobs: 8, ...PATIENT }))
    results.catch(() => {})
    const sentences = names.map((name) => `${quirks[name]} (${name})`)
    test(`nothing accuses the server that ${sentences.join(', and that ')}`, async () => {
      const bad = (await results).filter(({ verdict }) => !GOOD.has(verdict))
      assert.equal(bad.map(describeResult), [])
      // A server that cannot be tested is accused of nothing, either.
      assert.ok((await results).some(({ verdict }) => verdict === 'pass'))
    })
  }
}
