import type { Socket } from 'node:net'
import { parseTarget, type Target } from '../../../src/conformance/peer/target.ts'
import type { RunResult } from '../../../src/conformance/result.ts'
import { runServer, type ServerRunOptions } from '../../../src/conformance/run/run-server.ts'
import { selectCases, serverEntries } from '../../../src/conformance/run/select.ts'
import { inPieces } from '../../../src/conformance/script/pieces.ts'
import { findCase } from '../../../src/conformance/sections/index.ts'
import { Op } from '../../../src/conformance/wire/frame.ts'
import { createTrial, startUpgradedServer } from '../../support/conformance-trial.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'
import { startServer } from '../broken/server.ts'

const test = suite('conformance/script/pieces', { timeLimit: 120_000 })

/** Milliseconds between two turns of the busy server. */
const TURN = 40
/** The frame that is sent, and its size. */
const FRAME = { opcode: Op.TEXT, payload: 'ab', mask: Buffer.alloc(4) }
const SIZE = 8

/** A server that reads all its connections at once, now and then. */
interface BusyServer {
  url: string
  /** What each read of the first connection returned. */
  reads: string[]
  /** Resolves when it has read the frame. */
  complete: Promise<void>
}

/** Starts a busy server. It ends a connection after this number of pings. */
async function startBusyServer(t: TestContext, pings = Number.POSITIVE_INFINITY): Promise<BusyServer> {
  const sockets: Socket[] = []
  const reads: string[] = []
  let finish: () => void = () => {}
  const complete = new Promise<void>((resolve) => {
    finish = resolve
  })
  const url = await startUpgradedServer(t, (socket) => {
    socket.removeAllListeners('data')
    socket.pause()
    sockets.push(socket)
  })
  const counts = new Map<Socket, number>()
  const turn = (): void => {
    for (const [index, socket] of sockets.entries()) {
      const bytes: Buffer | null = socket.read()
      if (bytes !== null && index === 0) reads.push(bytes.toString('hex'))
      else if (bytes !== null) answerPing(socket, bytes)
    }
    if (reads.join('').length >= 2 * SIZE) finish()
  }
  const answerPing = (socket: Socket, bytes: Buffer): void => {
    const count = (counts.get(socket) ?? 0) + 1
    counts.set(socket, count)
    const payload = bytes.subarray(6).map((byte, at) => byte ^ bytes[2 + (at % 4)])
    if (count > pings) socket.end(Buffer.from('880203f0', 'hex'))
    else socket.write(Buffer.concat([Buffer.from([0x8a, payload.length]), payload]))
  }
  const timer = setInterval(turn, TURN)
  t.after(() => clearInterval(timer))
  return { url, reads, complete }
}

test('a busy server reads each piece by itself, also when it limits the pings on a connection', async (t) => {
  for (const pings of [Number.POSITIVE_INFINITY, 3]) {
    const { url, reads, complete } = await startBusyServer(t, pings)
    const trial = createTrial(t, url)
    const peer = await trial.open()
    await peer.sendFrame(FRAME, inPieces(trial, 1))
    await complete
    assert.equal(reads, ['81', '82', '00', '00', '00', '00', '61', '62'])
    assert.equal(trial.peers, [peer])
    assert.is(trial.log.events().filter(({ kind }) => kind === 'connect').length, 1)
  }
})

test('pieces arrive at a server that serves no second connection, and it is soon left alone', async (t) => {
  let count = 0
  let arrived = ''
  const url = await startUpgradedServer(
    t,
    (socket) => void (count++ > 0 && socket.destroy()),
    (socket, bytes) => {
      arrived += bytes.toString('hex')
      if (arrived.length % (2 * SIZE) === 0) socket.write(Buffer.from('8100', 'hex'))
    },
  )
  const trial = createTrial(t, url)
  const peer = await trial.open()
  for (let times = 1; times <= 3; times++) {
    await peer.sendFrame(FRAME, inPieces(trial, 1))
    await peer.expectMessage()
    assert.is(arrived, '8182000000006162'.repeat(times))
  }
  assert.ok(count <= 3, `${count} connections`)
  assert.is(trial.refused, false)
})

/** Runs cases one at a time. */
function runAlone(
  target: Target,
  selection: string,
  more: Partial<ServerRunOptions> = {},
): Promise<{ result: RunResult }> {
  return runServer({
    target,
    entries: selectCases(serverEntries, { include: [selection] }),
    version: '0',
    selection: [],
    jobs: 1,
    seed: 1,
    strict: true,
    timeout: 30_000,
    timeoutFactor: 1,
    idle: 10,
    slowFactor: 1,
    retries: 0,
    maxMessage: 1 << 20,
    echo: 'auto',
    echoPrefix: '',
    repro: (id) => id,
    ...more,
  })
}

test('every case that sends in pieces is tagged, so that its pass can be confirmed', async (t) => {
  const server = await startServer({ defects: new Set() })
  t.after(() => server.close())
  const inUse = new Set<string>()
  let current = ''
  const target = parseTarget(server.url)
  const connectAside = (timeout: number) => {
    inUse.add(current)
    return target.connect(timeout)
  }
  await runAlone({ ...target, connectAside }, 'hs.ok,len,mask,rsv,op,ping,frag,utf8,close,robust.chop-*', {
    onBegin: ({ id }) => {
      current = id
    },
  })
  const ids = [...inUse]
  assert.ok(ids.length > 20, ids.join())
  assert.equal(
    ids.filter((id) => !findCase(id)?.tags?.includes('timing')),
    [],
  )
})

test('a pass in pieces is confirmed unless the target has shown that it reads each of them', async (t) => {
  const server = await startServer({ defects: new Set() })
  t.after(() => server.close())
  const target = parseTarget(server.url)
  const attempts = async (on: Target): Promise<number[]> =>
    (await runAlone(on, 'len.header-dribble,hs.ok.split-crlf')).result.cases.map((each) => each.attempts)
  assert.equal(await attempts(target), [2, 1])
  assert.equal(await attempts({ ...target, connectAside: undefined }), [2, 2])
})
