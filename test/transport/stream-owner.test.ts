import type { AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { isFastEnabled } from '../../src/fast/enabled.ts'
import { messageRun } from '../../src/fast/message-run.ts'
import {
  acceptedBytes,
  countWritten,
  disownStream,
  guardStream,
  hasOwner,
  ownStream,
  releaseStream,
  type StreamOwner,
} from '../../src/transport/stream-owner.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openssl, testWith } from '../support/need.ts'
import { socketPair } from '../support/socket-pair.ts'
import { turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('stream owner')

/** Records the calls it receives. */
class Owner implements StreamOwner {
  readonly log: string[] = []

  onBytes(bytes: Buffer, start: number, end: number): void {
    this.log.push(bytes.toString('latin1', start, end))
  }
  onStreamEnd(): void {
    this.log.push('end')
  }
  onStreamError(error: Error): void {
    this.log.push(`error ${error.message}`)
  }
  onStreamClose(): void {
    this.log.push('close')
  }
  onStreamDrain(): void {
    this.log.push('drain')
  }
}

class Pipe extends Duplex {
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    setImmediate(done)
  }
}

const kinds: readonly (readonly [string, (t: TestContext) => Promise<[Duplex, (text: string) => void]>])[] = [
  [
    'a socket',
    async (t) => {
      const [socket, client] = await socketPair(t)
      return [socket, (text) => void client.write(text)]
    },
  ],
  [
    'another stream',
    async () => {
      const pipe = new Pipe()
      return [pipe, (text) => void pipe.push(text)]
    },
  ],
]

for (const [name, make] of kinds) {
  test(`${name} calls its current owner, and later the next one`, async (t) => {
    const [stream, say] = await make(t)
    const [first, second] = [new Owner(), new Owner()]
    ownStream(stream, first)
    say('one')
    await until(() => first.log.length > 0)
    ownStream(stream, second)
    say('two')
    await until(() => second.log.length > 0)
    stream.destroy(new Error('broken'))
    await until(() => second.log.includes('close'))
    assert.equal(first.log, ['one'])
    assert.equal(second.log, ['two', 'error broken', 'close'])
  })

  test(`${name} stores input that arrives while it is paused without an owner`, async (t) => {
    const [stream, say] = await make(t)
    const [first, second] = [new Owner(), new Owner()]
    ownStream(stream, first)
    assert.is(hasOwner(stream), true)
    disownStream(stream)
    assert.is(hasOwner(stream), false)
    stream.pause()
    say('one')
    await turns()
    ownStream(stream, second)
    say('two')
    await until(() => second.log.join('').endsWith('two'))
    assert.equal(first.log, [])
    assert.is(second.log.join(''), 'onetwo')
  })

  test(`${name} is an ordinary one when it is released, and may be owned again`, async (t) => {
    const [stream, say] = await make(t)
    const ends = stream.listeners('end')
    ownStream(stream, new Owner())
    releaseStream(stream)
    stream.pause()
    assert.equal(stream.listeners('end'), ends)
    for (const event of ['data', 'error', 'close', 'drain']) assert.is(stream.listenerCount(event), 0, event)
    const log: string[] = []
    stream.on('data', (chunk) => log.push(String(chunk))).resume()
    say('plain')
    await until(() => log.length > 0)
    stream.removeAllListeners('data').pause()
    say('kept')
    await turns()
    const owner = new Owner()
    ownStream(stream, owner)
    say('owned')
    await until(() => owner.log.join('').endsWith('owned'))
    assert.equal(log, ['plain'])
    assert.is(owner.log.join(''), 'keptowned')
  })

  test(`${name} that is guarded is destroyed by an error, and no owner is called`, async (t) => {
    const [stream] = await make(t)
    guardStream(stream)
    guardStream(stream)
    assert.is(stream.listenerCount('error'), 1)
    stream.emit('error', new Error('broken'))
    assert.ok(stream.destroyed)
    await turns()
  })
}

test('says that the window has new content, with and without an owner', async (t) => {
  const [accepted, connected] = await socketPair(t)
  const owner = new Owner()
  ownStream(accepted, owner)
  const before = messageRun.generation
  connected.write('one')
  await until(() => owner.log.length > 0)
  const between = messageRun.generation
  disownStream(accepted)
  accepted.on('data', (chunk: Buffer) => owner.log.push(String(chunk)))
  connected.write('two')
  await until(() => owner.log.length > 1)
  assert.equal(owner.log, ['one', 'two'])
  if (isFastEnabled) assert.ok(before < between && between < messageRun.generation)
  else assert.ok(before < between)
})

test('reports the end of the peer, and that the system has accepted what was written', async (t) => {
  const [socket, client] = await socketPair(t)
  const owner = new Owner()
  ownStream(socket, owner)
  client.pause()
  while (socket.write(Buffer.alloc(1 << 20)));
  client.resume()
  await until(() => owner.log.includes('drain'))
  client.end('bye')
  await until(() => owner.log.includes('end'))
  assert.equal(owner.log.slice(0, 3), ['drain', 'bye', 'end'])
  assert.is(acceptedBytes(socket), socket.bytesWritten)
})

/** Opens a TLS connection. Resolves to its two ends: that of the server and that of the client. */
async function tlsPair(t: TestContext): Promise<[Duplex, Duplex]> {
  const server = createTlsServer(makeCertificate())
  const accepted = new Promise<Duplex>((resolve) => server.once('secureConnection', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connectTls({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false })
  client.on('error', () => {})
  const socket = await accepted
  t.after(() => {
    client.destroy()
    socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return [socket, client]
}

for (const [name, make, needed] of [
  ['a socket', socketPair, test],
  ['a TLS socket', tlsPair, testWith(test, openssl)],
] as const) {
  for (const role of ['server', 'client']) {
    needed(`counts what the system accepts in the middle of one long write of ${name}, as a ${role}`, async (t) => {
      const ends = await make(t)
      const [writer, reader] = role === 'server' ? ends : ends.toReversed()
      reader!.pause()
      const before = acceptedBytes(writer!)
      writer!.write(Buffer.alloc(32 << 20))
      let count = 0
      for (let isMoving = true; isMoving; ) {
        count = acceptedBytes(writer!)
        await turns(50)
        isMoving = acceptedBytes(writer!) > count
      }
      assert.ok(count > before && count < 32 << 20, `${count}`)
      reader!.resume()
      await until(() => acceptedBytes(writer!) > count)
      assert.is(writer!.writableLength, 32 << 20, 'the write has not finished')
      await until(() => writer!.writableLength === 0)
      assert.ok(acceptedBytes(writer!) >= 32 << 20)
    })
  }
}

test('counts what another stream accepts by its finished writes', () => {
  const dones: (() => void)[] = []
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => void dones.push(done) })
  assert.is(acceptedBytes(stream), 0)
  for (const size of [10, 20]) {
    stream.write(Buffer.alloc(size))
    countWritten(stream, size)
    assert.is(acceptedBytes(stream), 0)
  }
  dones.shift()!()
  assert.is(acceptedBytes(stream), 10)
})
