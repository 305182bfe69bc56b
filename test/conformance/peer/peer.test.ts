import type { Socket } from 'node:net'
import { Mismatch } from '../../../src/conformance/peer/inbound.ts'
import { Op } from '../../../src/conformance/wire/frame.ts'
import { readingTurn, sleep } from '../../../src/conformance/wire/poll.ts'
import { block } from '../../support/blocked-loop.ts'
import { stopClock } from '../../support/clock.ts'
import { createTrial, startRawServer, startUpgradedServer } from '../../support/conformance-trial.ts'
import { turns } from '../../support/tick.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'
import { hex } from '../../support/wire.ts'
import { startServer } from '../broken/server.ts'

const test = suite('conformance/peer/peer')

test('puts messages together from fragments, control frames in between', async (t) => {
  const url = await startUpgradedServer(t, (socket) => void socket.write(hex('0102 6162 8a01 78 8001 63 8800')))
  const peer = await createTrial(t, url).open()
  await peer.sendPing('x')
  assert.is((await peer.next())?.kind, 'pong')
  const message = await peer.expectMessage()
  assert.is(message.payload.toString(), 'abc')
  assert.is(message.frames.length, 2)
  assert.is((await peer.expectClose()).code, null)
})

test('reads what arrived in one segment with the 101', async (t) => {
  const url = await startUpgradedServer(t, (socket) => void socket.end(hex('8101 61 8802 03e8')))
  const peer = await createTrial(t, url).open()
  assert.is((await peer.expectMessage()).payload.toString(), 'a')
  assert.is((await peer.expectClose()).code, 1000)
  assert.is(await peer.expectEnd(), 'fin')
})

test('distinguishes FIN from RST', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket) => socket.resetAndDestroy(),
  )
  const peer = await createTrial(t, url).open()
  await peer.sendText('x')
  assert.is(await peer.expectEnd(), 'rst')
  assert.equal(peer.closing, { by: 'server', code: null, reason: null, tcp: 'rst' })
})

test('distinguishes FIN from RST when data arrives with it', async (t) => {
  for (const [end, tcp] of [
    [(socket: Socket) => void socket.end(), 'fin'],
    [(socket: Socket) => void socket.resetAndDestroy(), 'rst'],
  ] as const) {
    const url = await startUpgradedServer(
      t,
      () => {},
      (socket) => socket.write(hex('8101 61'), () => end(socket)),
    )
    const peer = await createTrial(t, url).open()
    await peer.sendText('x')
    await peer.expectMessage()
    assert.is(await peer.expectEnd(), tcp)
  }
})

test('FIN after our own FIN is not RST', async (t) => {
  const url = await startUpgradedServer(t, (socket) => void socket.once('end', () => socket.end(hex('8101 61'))))
  const peer = await createTrial(t, url).open()
  peer.end()
  await peer.expectMessage()
  assert.is(await peer.expectEnd(), 'fin')
})

test('answers pings, unless that is switched off', async (t) => {
  const received: Buffer[] = []
  const url = await startUpgradedServer(
    t,
    (socket) => void socket.write(hex('8901 61')),
    (socket, bytes) => {
      received.push(bytes)
      socket.write(hex('8101 62'))
    },
  )
  const peer = await createTrial(t, url).open()
  await peer.expectMessage()
  assert.is(received[0][0], 0x8a)
  const quiet = await createTrial(t, url).connect()
  quiet.autoPong = false
  await quiet.sendHead(createTrial(t, url).request().bytes)
  await quiet.readResponse()
  assert.is((await quiet.next())?.kind, 'ping')
  await quiet.sendText('now')
  await quiet.expectMessage()
  assert.is(received[1][0], 0x81)
})

test('skips pongs that answer no ping', async (t) => {
  const url = await startUpgradedServer(t, (socket) => void socket.write(hex('8a00 8101 61')))
  const peer = await createTrial(t, url).open()
  await peer.sendFrame({ opcode: Op.PONG })
  assert.is((await peer.expectMessage()).opcode, Op.TEXT)
})

test('names both sides when something else arrives', async (t) => {
  const url = await startUpgradedServer(t, (socket) => void socket.write(hex('8802 03f3')))
  const peer = await createTrial(t, url).open()
  const error = await thrownBy(() => peer.expectMessage('echo of “a”'))
  assert.instance(error, Mismatch)
  assert.is(error.message, 'expected echo of “a”, got Close 1011 ""')
})

test('a wait ends at the timeout when nothing arrives, and goes on while bytes arrive', async (t) => {
  const sockets: Socket[] = []
  const url = await startUpgradedServer(t, (socket) => sockets.push(socket))
  const silent = await createTrial(t, url, undefined, { timeout: 30 }).open()
  const peer = await createTrial(t, url, undefined, { timeout: 120 }).open()
  const clock = stopClock(t)
  const nothing = silent.next()
  clock.tick(30)
  assert.is(await nothing, null)
  const message = peer.expectMessage()
  for (const byte of hex('8106 616263646566')) {
    clock.tick(100)
    sockets[1].write(Buffer.of(byte))
    await turns()
  }
  assert.is((await message).payload.toString(), 'abcdef')
})

/** What a server sends while a peer waits, without end. Each could extend the wait. */
const endless = { pings: '8901 61', 'unsolicited pongs': '8a01 61' }

for (const [name, bytes] of Object.entries(endless)) {
  test(`a wait ends at the timeout although ${name} arrive`, async (t) => {
    const sockets: Socket[] = []
    const url = await startUpgradedServer(t, (socket) => sockets.push(socket))
    const peer = await createTrial(t, url, undefined, { timeout: 200 }).open()
    const clock = stopClock(t)
    let end: unknown
    const waits = thrownBy(() => peer.expectEnd()).then((error) => {
      end = error
    })
    for (let passed = 0; passed < 200; passed += 50) {
      assert.is(end, undefined)
      sockets[0].write(hex(bytes))
      await turns()
      clock.tick(50)
    }
    await waits
    assert.match((end as Error).message, 'nothing within 200 ms')
  })
}

test('a message in slow pieces is read although pings arrive between them', async (t) => {
  const sockets: Socket[] = []
  const url = await startUpgradedServer(t, (socket) => sockets.push(socket))
  const peer = await createTrial(t, url, undefined, { timeout: 120 }).open()
  const clock = stopClock(t)
  const message = peer.expectMessage()
  for (const piece of ['0101 61', '8901 70', '0001 62', '8901 70', '8001 63']) {
    sockets[0].write(hex(piece))
    await turns()
    clock.tick(50)
  }
  assert.is((await message).payload.toString(), 'abc')
})

test('data that a case skips does not extend a wait beyond its limit', async (t) => {
  const sockets: Socket[] = []
  const url = await startUpgradedServer(t, (socket) => sockets.push(socket))
  const peer = await createTrial(t, url).open()
  const clock = stopClock(t)
  let isOver = false
  const waits = peer
    .skipWhile(({ kind }) => kind === 'message', 100, 300)
    .then((event) => {
      isOver = true
      return event
    })
  for (let passed = 0; passed < 300; passed += 50) {
    assert.is(isOver, false)
    sockets[0].write(hex('8101 61'))
    await turns()
    clock.tick(50)
  }
  assert.is(await waits, null)
})

test('cuts writes into pieces that arrive whole', async (t) => {
  const received: Buffer[] = []
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket, bytes) => {
      received.push(bytes)
      if (Buffer.concat(received).length === 106) socket.write(hex('8100'))
    },
  )
  const peer = await createTrial(t, url).open()
  await peer.sendFrame({ opcode: Op.TEXT, payload: 'x'.repeat(100) }, { size: [1, 2, 30], settle: () => sleep(1) })
  await peer.expectMessage()
  assert.ok(received.length > 1)
})

test('reads an answer with a body and another after it', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
  ]
  const url = await startRawServer(t, (socket) => socket.once('data', () => void socket.write(answers.join(''))))
  const trial = createTrial(t, url)
  const { peer, response } = await trial.handshake()
  assert.is((await peer.readBody(response!))?.toString(), 'hello')
  const second = await peer.readResponse()
  await peer.readBody(second!)
  assert.is((await peer.readResponse())?.status, 404)
})

test('skips every interim response, and takes a 101 as the last one', async (t) => {
  const interim = [100, 102, 103, 199].map((status) => `HTTP/1.1 ${status} Wait\r\nLink: </a>\r\n\r\n`).join('')
  const url = await startRawServer(t, (socket) => {
    socket.once('data', () => void socket.write(`${interim}HTTP/1.1 101 Now\r\n\r\n`))
  })
  assert.is((await createTrial(t, url).handshake()).response?.status, 101)
})

test('messages that greet are no events, and are decompressed like all others', async (t) => {
  const server = await startServer({ defects: new Set(['greets'] as const) })
  t.after(() => server.close())
  const trial = createTrial(t, server.url)
  trial.context.capabilities.greetings = 1
  const peer = await trial.open({ add: [['Sec-WebSocket-Extensions', 'permessage-deflate']] })
  await peer.sendText('welcome to the echo server')
  assert.is((await peer.expectMessage()).payload.toString(), 'welcome to the echo server')
  await peer.sendPing('no further message')
  assert.is((await peer.next())?.kind, 'pong')
})

test('inflates what the server compressed, with the window of the messages before', async (t) => {
  const url = await startRawServer(t, (socket) =>
    socket.once('data', () => {
      const fields = 'Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n'
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`)
      socket.write(hex('c107 f248cdc9c90700 c105 f200110000'))
    }),
  )
  const { peer } = await createTrial(t, url).handshake()
  assert.is((await peer.expectMessage()).payload.toString(), 'Hello')
  assert.is((await peer.expectMessage()).payload.toString(), 'Hello')
})

test('a target that refuses connections is a mismatch', async (t) => {
  const error = await thrownBy(() => createTrial(t, 'ws://127.0.0.1:1/').open())
  assert.instance(error, Mismatch)
  assert.match(error.message, 'expected a connection')
})

test('reads the Close of a server that resets the connection after it', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket) => {
      socket.removeAllListeners('data')
      socket.write(hex('8802 03ea'), () => setTimeout(() => socket.resetAndDestroy(), 5))
    },
  )
  const peer = await createTrial(t, url).open()
  await peer.sendFrame({ opcode: Op.TEXT, payload: 'x'.repeat(1000) }, { size: 1, settle: () => sleep(1) })
  assert.is((await peer.expectClose()).code, 1002)
  await peer.expectEnd()
})

test('knows when a reset met its writing, so that nothing before it could be read', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket) => void socket.write(hex('8802 03ea'), () => socket.resetAndDestroy()),
  )
  const peer = await createTrial(t, url).open()
  await peer.sendFrame({ opcode: Op.TEXT, payload: 'x'.repeat(1000) }, { size: 1, settle: readingTurn })
  const event = await peer.next()
  assert.ok(event?.kind === 'close' || (event?.kind === 'end' && peer.isCutOff))
})

test('a wait on a connection that the tester closes itself ends without an event of the target', async (t) => {
  const url = await startUpgradedServer(t, () => {})
  for (const wait of ['next', 'waitForEnd'] as const) {
    const peer = await createTrial(t, url).open()
    const waiting = thrownBy(() => peer[wait]())
    peer.destroy()
    assert.match((await waiting).message, 'the tester has closed')
  }
})

test('an end before the tester closed the connection remains an end', async (t) => {
  const url = await startUpgradedServer(t, (socket) => void socket.end())
  const peer = await createTrial(t, url).open()
  assert.is(await peer.waitForEnd(), 'fin')
  peer.destroy()
  assert.is(await peer.waitForEnd(), 'fin')
  assert.equal(await peer.next(), { kind: 'end', tcp: 'fin' })
})

test('stops writing once the other side has sent a Close', async (t) => {
  let received = 0
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket, bytes) => {
      if (received === 0) socket.write(hex('8802 03ea'))
      received += bytes.length
    },
  )
  const peer = await createTrial(t, url).open()
  peer.autoClose = false
  await peer.sendFrame({ opcode: Op.TEXT, payload: 'x'.repeat(100) }, { size: 1, settle: () => sleep(20) })
  assert.ok(received < 50, `${received} bytes were written`)
})

test('answers a Close that it did not ask for, unless that is switched off', async (t) => {
  let answers = ''
  const url = await startUpgradedServer(
    t,
    (socket) => void socket.write(hex('8802 03ea')),
    (socket, bytes) => {
      answers += bytes.subarray(0, 2).toString('hex')
      socket.end()
    },
  )
  const peer = await createTrial(t, url).open()
  await peer.expectClose()
  await peer.expectEnd()
  assert.is(answers, '8882')
  const silent = await createTrial(t, url).open()
  silent.autoClose = false
  await silent.expectClose()
  silent.end()
  assert.is(answers, '8882')
})

test('a message before a pong is left for later, inflated once', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket) => void socket.write(hex('c107 f248cdc9c90700 8a0161 8101 62')),
  )
  const peer = await createTrial(t, url).open()
  peer.startFrames({ serverNoContext: false, clientNoContext: false, serverBits: null, clientBits: null })
  await peer.sendPing('a')
  await peer.expectPong(Buffer.from('a'))
  assert.is((await peer.expectMessage()).payload.toString(), 'Hello')
  assert.is((await peer.expectMessage()).payload.toString(), 'b')
})

test('what arrives while the event loop is blocked counts, although the timeout has passed by then', async (t) => {
  const sockets: Socket[] = []
  const url = await startUpgradedServer(t, (socket) => sockets.push(socket))
  const trial = createTrial(t, url, undefined, { timeout: 50 })
  const peer = await trial.open()
  const waits = peer.next()
  await new Promise((resolve) => sockets[0].write(hex('8101 61'), resolve))
  block(200)
  assert.is((await waits)?.kind, 'message')
  const opening = trial.connect()
  block(200)
  assert.not.ok((await opening).ended)
  assert.is(trial.timedOut, false)
})

test('a body that does not end in time is a timeout', async (t) => {
  const url = await startRawServer(t, (socket) => void socket.write('HTTP/1.1 400 X\r\nContent-Length: 5\r\n\r\nab'))
  const trial = createTrial(t, url)
  const { peer, response } = await trial.handshake()
  assert.is(await peer.readBody(response!, 1), null)
  assert.is(trial.timedOut, true)
})
