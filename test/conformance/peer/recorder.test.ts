import { parseTarget, Recorder } from '../../../src/conformance/index.ts'
import { assert, suite } from '../../support/unit.ts'
import { startServer } from '../broken/server.ts'

const test = suite('conformance/peer/recorder', { timeLimit: 10_000 })

test('records what is written and what arrives, by connection, until it is cleared', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  const recorder = new Recorder(parseTarget(server.url))
  const first = await recorder.target.connect(2000)
  recorder.clear()
  const second = await recorder.target.connect(2000)
  const ended = new Promise((resolve) => second.stream.on('end', resolve).resume())
  first.stream.end('not recorded')
  second.stream.write('GET / ')
  second.stream.write('NONSENSE\r\n\r\n')
  second.stream.end()
  await ended
  const { events } = recorder
  assert.ok(events.every(({ connection, after }) => connection === 0 && after >= 0))
  assert.equal(
    events.filter(({ kind }) => kind === 'sent').map(({ bytes }) => bytes.toString()),
    ['GET / ', 'NONSENSE\r\n\r\n'],
  )
  const kinds = events.map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind !== 'sent' && kind !== 'received').sort(), [
    'fin-received',
    'fin-sent',
    'open',
  ])
  assert.match(
    Buffer.concat(events.filter(({ kind }) => kind === 'received').map(({ bytes }) => bytes)).toString(),
    'HTTP/1.1 400',
  )
  second.reset()
  assert.is(recorder.events.at(-1)?.kind, 'reset')
})
