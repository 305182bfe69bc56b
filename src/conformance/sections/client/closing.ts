import { answerNext, type PendingUpgrade, receptionOf } from '../../client/index.ts'
import { describeInbound } from '../../peer/index.ts'
import { type Case, expectCleanClose, expectFailure, type Trial } from '../../script/index.ts'
import { Op } from '../../wire/index.ts'

/** Milliseconds during which a client must wait for the server to close TCP. */
const WAIT = 500
/** How long a client may wait before it closes TCP, as a multiple of the idle time. */
const PATIENCE = 7

/** Notes the close event of the API and returns it (RFC 6455 §7.1.5). */
async function noteEnd(t: Trial, { events }: PendingUpgrade): Promise<void> {
  if (!receptionOf(t).agent.reportsEvents) return
  const end = await events.waitFor('close', t.timeout)
  t.note(end === null ? 'the API reports no end' : `the API reports ${end.code} ${JSON.stringify(end.reason ?? '')}`)
}

async function waitForServer(t: Trial): Promise<void> {
  const { peer } = await answerNext(t)
  peer.autoClose = false
  await peer.sendClose(1000)
  await peer.expectClose()
  const early = await peer.nextMeaningful(WAIT, WAIT)
  t.assert(early === null, `no end of TCP within ${WAIT} ms of the Close`, describeInbound(early, WAIT))
  peer.end()
  await peer.waitForEnd()
}

/** Measures the time until the client closes TCP. */
async function awaitGivingUp(t: Trial, upgrade: PendingUpgrade): Promise<void> {
  const limit = PATIENCE * t.context.idle
  const began = performance.now()
  const end = await upgrade.peer.waitForEnd(limit)
  const passed = Math.round(performance.now() - began)
  t.note(end === null ? `does not close TCP within ${passed} ms` : `closes TCP after ${passed} ms`)
}

async function neverEnd(t: Trial): Promise<void> {
  const upgrade = await answerNext(t)
  upgrade.peer.autoClose = false
  await upgrade.peer.sendClose(1000)
  await upgrade.peer.expectClose()
  await awaitGivingUp(t, upgrade)
}

/** Commands the client to close, and waits for its Close without replying to it. */
async function nextClosing(t: Trial): Promise<PendingUpgrade> {
  const upgrade = await answerNext(t)
  const { peer } = upgrade
  peer.autoClose = false
  if (!upgrade.ask('close')) {
    await peer.sendClose(1000)
    t.skip('the driver accepts no command “close”')
  }
  const close = await peer.expectClose()
  t.require(close.code === null || close.code === 1000, 'Close 1000 or empty', describeInbound(close, t.timeout))
  return upgrade
}

async function letClientStart(t: Trial): Promise<void> {
  const upgrade = await nextClosing(t)
  const { peer } = upgrade
  const early = await peer.nextMeaningful(WAIT, WAIT)
  t.require(early === null, 'the client waits for the reply', describeInbound(early, WAIT))
  await peer.sendClose(1000)
  peer.end()
  await peer.expectEnd()
  await noteEnd(t, upgrade)
}

async function sendBeforeReply(t: Trial): Promise<void> {
  const upgrade = await nextClosing(t)
  const { peer } = upgrade
  for (const payload of ['one', 'two', 'three']) await peer.sendFrame({ opcode: Op.TEXT, payload })
  await peer.sendClose(1000)
  peer.end()
  // A second Close is not a data frame (RFC 6455 §5.5.1).
  const end = await peer.skipWhile(({ kind }) => kind === 'close')
  t.require(end?.kind === 'end', 'only the end after the client’s Close', describeInbound(end, t.timeout))
  if (!receptionOf(t).agent.reportsEvents) return
  const reported = await upgrade.events.waitFor('close', t.timeout, t.noteTimeout)
  t.assert(reported?.code === 1000, 'code 1000 from the API', `code ${reported?.code ?? '(none reported)'}`)
}

const BAD_CODES = [1005, 1006, 1015, 999]

async function sendBadCodes(t: Trial): Promise<void> {
  for (const code of BAD_CODES) {
    const { peer } = await answerNext(t)
    await peer.sendClose(code)
    await expectFailure(t, peer, [1002])
  }
  t.observe('close_5000_from_server', await describeReply(t, 5000))
}

/** Describes what the client does after a Close with this code. */
async function describeReply(t: Trial, code: number): Promise<string> {
  const upgrade = await answerNext(t)
  await upgrade.peer.sendClose(code)
  const event = await upgrade.peer.nextMeaningful()
  await upgrade.peer.waitForEnd()
  await noteEnd(t, upgrade)
  return describeInbound(event, t.timeout)
}

/** Ends with FIN, then with RST, without a Close. The API must report 1006. */
async function endAbnormally(t: Trial): Promise<void> {
  for (const way of ['end', 'reset'] as const) {
    const upgrade = await answerNext(t)
    await upgrade.peer.sendPing('open')
    await upgrade.peer.expectPong()
    upgrade.peer[way]()
    if (way === 'end') await upgrade.peer.waitForEnd()
    if (!receptionOf(t).agent.reportsEvents) continue
    const reported = await upgrade.events.waitFor('close', t.timeout, t.noteTimeout)
    t.assert(reported?.code === 1006, 'code 1006 from the API', `code ${reported?.code ?? '(none reported)'}`)
  }
  if (!receptionOf(t).agent.reportsEvents) t.skip('the driver reports no events')
}

const RECONNECTS = 5

/** Measures the pauses of a client that reconnects on its own. */
async function measurePauses(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  const pauses: number[] = []
  let upgrade = await answerNext(t)
  for (let count = 0; count < RECONNECTS; count++) {
    upgrade.peer.reset()
    const began = performance.now()
    const again = await reception.arrived(t, { start: false, timeout: t.context.idle }, null)
    if (again === null) break
    pauses.push(Math.round(performance.now() - began))
    upgrade = again
    upgrade.peer.startFrames()
  }
  if (pauses.length === 0) t.note('does not reconnect on its own')
  else t.observe('reconnect_pauses_ms', pauses)
}

async function keepSilent(t: Trial): Promise<void> {
  const { peer } = await answerNext(t)
  const deadline = performance.now() + t.context.idle
  for (let left = t.context.idle; left > 0; left = deadline - performance.now()) {
    const event = await peer.nextMeaningful(left, left)
    t.require(event === null || event.kind === 'message', 'an open connection', describeInbound(event, left))
  }
  await expectCleanClose(t, peer)
}

/**
 * Accepts a client without its extension. A client that requires the extension may close with 1010; others continue.
 */
async function withholdExtension(t: Trial): Promise<void> {
  const { peer } = await answerNext(t)
  await peer.sendPing('open')
  const event = await peer.nextMeaningful()
  t.observe('extension_withheld', event?.kind === 'pong' ? 'continues without it' : describeInbound(event, t.timeout))
}

/** The closing handshake of a client (RFC 6455 §7): `client.close`. */
export const clientClosing: Case[] = [
  {
    id: 'client.close.reply',
    async run(t) {
      await expectCleanClose(t, (await answerNext(t)).peer, { strict: true })
    },
  },
  { id: 'client.close.waits-for-server', phase: 'alone', tags: ['timing'], run: waitForServer },
  { id: 'client.close.gives-up', phase: 'idle', tags: ['idle'], limit: 90_000, run: neverEnd },
  { id: 'client.close.client-initiated', phase: 'alone', tags: ['timing'], run: letClientStart },
  {
    id: 'client.close.no-reply',
    phase: 'idle',
    tags: ['idle'],
    limit: 90_000,
    run: async (t) => awaitGivingUp(t, await nextClosing(t)),
  },
  { id: 'client.close.data-before-reply', run: sendBeforeReply },
  { id: 'client.close.codes-rx', connections: BAD_CODES.length + 1, run: sendBadCodes },
  {
    id: 'client.close.code-1010-rx',
    run: async (t) => t.observe('close_1010_from_server', await describeReply(t, 1010)),
  },
  { id: 'client.close.abnormal', connections: 2, run: endAbnormally },
  { id: 'client.close.backoff', phase: 'idle', tags: ['idle'], run: measurePauses },
  { id: 'client.close.no-unprompted', phase: 'idle', tags: ['idle'], run: keepSilent },
  { id: 'client.close.1010', run: withholdExtension },
]
