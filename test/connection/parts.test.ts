import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { ConnectionSetup } from '../../src/connection/host.ts'
import { readLimits } from '../../src/connection/limits.ts'
import { Parts } from '../../src/connection/parts.ts'
import { Traffic } from '../../src/connection/traffic.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('parts of a connection')

const ignore = (): void => {}

function makeParts(t: TestContext) {
  const written: string[] = []
  const stream = new Duplex({
    read: ignore,
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString('hex'))
      done()
    },
  })
  const connection = {
    state: 'open' as const,
    onBorrowedMessage: null,
    onMessage: ignore,
    onPong: ignore,
    onClose: ignore,
    close: ignore,
    fail: ignore,
    terminate: ignore,
  }
  const setup: ConnectionSetup = {
    role: 'server',
    host: { traffic: new Traffic(), reportError: ignore, onMemoryChange: ignore, onGone: ignore },
    limits: readLimits({}),
    request: new IncomingMessage(new Socket()),
    subprotocol: '',
  }
  const parts = new Parts(connection, stream, setup)
  t.after(() => parts.watchdog.stop())
  return { parts, written }
}

test('writes a keepalive ping at once, after what was sent before', (t) => {
  const { parts, written } = makeParts(t)
  parts.output.send('a', undefined)
  assert.equal(written, [])
  parts.ping(Buffer.of(7))
  assert.equal(written, ['810161890107'])
  parts.ping(Buffer.of(8))
  assert.equal(written, ['810161890107', '890108'])
})
