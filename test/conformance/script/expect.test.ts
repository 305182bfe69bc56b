import type { Socket } from 'node:net'
import { Mismatch } from '../../../src/conformance/peer/inbound.ts'
import { verdictOf } from '../../../src/conformance/run/case-result.ts'
import { expectCleanClose } from '../../../src/conformance/script/expect-close.ts'
import { expectEchoThenCleanClose } from '../../../src/conformance/script/expect-echo.ts'
import {
  allowEcho,
  expectFailure,
  expectFailureEarly,
  recordFailure,
} from '../../../src/conformance/script/expect-failure.ts'
import { expectAcceptAndProbe, expectReject } from '../../../src/conformance/script/expect-handshake.ts'
import { expectAlive, expectQuiet } from '../../../src/conformance/script/expect-served.ts'
import type { Trial } from '../../../src/conformance/script/trial.ts'
import { Settled, Skip } from '../../../src/conformance/script/trial.ts'
import { Op } from '../../../src/conformance/wire/frame.ts'
import { createTrial, startRawServer, startUpgradedServer } from '../../support/conformance-trial.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/script/expect')

type Answer = (socket: Socket) => void

/** Returns a reply that writes the bytes of a hex text. */
function says(...texts: string[]): Answer {
  return (socket) => void socket.write(Buffer.from(texts.join(''), 'hex'))
}

function saysAndEnds(...texts: string[]): Answer {
  return (socket) => void socket.end(Buffer.from(texts.join(''), 'hex'))
}

/** Resolves to the verdict of `action` on a connection to a server that sends this reply to its first bytes. */
async function verdictAfter(
  t: TestContext,
  answer: Answer,
  action: (trial: Trial) => Promise<void>,
  id?: string,
): Promise<string> {
  let answered = false
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket) => {
      if (!answered) answer(socket)
      answered = true
    },
  )
  const trial = createTrial(t, url, id)
  try {
    await action(trial)
  } catch (error) {
    if (error instanceof Mismatch) trial.assert(false, error.expected, error.actual)
    else if (!(error instanceof Settled)) throw error
  }
  return verdictOf(trial)
}

const CLOSE_1000 = '880203e8'
const CLOSE_1002 = '880203ea'
const CLOSE_1007 = '880203ef'
const CLOSE_1005 = '880203ed'

async function sendFault(trial: Trial): Promise<void> {
  const peer = await trial.open()
  await peer.sendFrame({ opcode: 3 })
  await expectFailure(trial, peer, [1002])
}

test('fail(c): the wanted Close and FIN is a pass', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds(CLOSE_1002), sendFault), 'pass')
})

test('fail(c): another legal code, an empty Close or no Close at all is a warning', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds(CLOSE_1007), sendFault), 'warn')
  assert.is(await verdictAfter(t, saysAndEnds('8800'), sendFault), 'warn')
  assert.is(await verdictAfter(t, saysAndEnds(''), sendFault), 'warn')
  assert.is(await verdictAfter(t, (socket) => void socket.resetAndDestroy(), sendFault), 'warn')
})

test('fail(c): an echo, a pong or a forbidden code is a failure', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('810161', CLOSE_1002), sendFault), 'fail')
  assert.is(await verdictAfter(t, saysAndEnds(CLOSE_1005), sendFault), 'fail')
})

test('fail(c): a code without a meaning, or a Close without an end in time, is a warning', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('880203e7'), sendFault), 'warn')
  assert.is(await verdictAfter(t, says(CLOSE_1002), sendFault), 'warn')
})

test('fail(c): silence is a failure where a rule obliges the receiver to fail, else a warning', async (t) => {
  assert.is(await verdictAfter(t, () => {}, sendFault, 'op.3-empty'), 'fail')
  assert.is(await verdictAfter(t, () => {}, sendFault, 'frag.orphan-empty'), 'warn')
})

test('fail(c): input that only the sender must not send is at most warned of, also where it has an effect', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('810161', CLOSE_1002), sendFault, 'frag.orphan-empty'), 'warn')
})

test('fail(c): echoes of what preceded the fault are allowed, once', async (t) => {
  const action = async (trial: Trial): Promise<void> => {
    const peer = await trial.open()
    await peer.sendFrames([{ opcode: Op.TEXT, payload: 'a' }, { opcode: 3 }])
    await expectFailure(trial, peer, [1002], { allowed: allowEcho('a') })
  }
  assert.is(await verdictAfter(t, saysAndEnds('810161', CLOSE_1002), action), 'pass')
  assert.is(await verdictAfter(t, saysAndEnds(CLOSE_1002), action), 'pass')
  assert.is(await verdictAfter(t, saysAndEnds('810161', '810161', CLOSE_1002), action), 'fail')
})

test('fail(c): connections that are still open when the case ends, or were cut off, are not recorded', async (t) => {
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket, bytes) => void (bytes.length === 6 && socket.write(Buffer.from('810161', 'hex'))),
  )
  const trial = createTrial(t, url, 'utf8.lead-ff')
  const tryOne = async (payload: string): Promise<void> => {
    const peer = await trial.open()
    await peer.sendFrame({ opcode: Op.TEXT, payload })
    await expectFailure(trial, peer, [1007])
  }
  const silent = [tryOne('aa'), tryOne('aa')].map((one) => thrownBy(() => one))
  assert.instance(await thrownBy(() => tryOne('')), Settled)
  trial.close()
  for (const error of await Promise.all(silent)) assert.match(error.message, 'the tester has closed')
  recordFailure(trial, { isCutOff: true }, 1007, { kind: 'end', tcp: 'rst' })
  assert.is(trial.context.ledger.failuresOf(1007).size, 0)
  recordFailure(trial, { isCutOff: false }, 1007, { kind: 'end', tcp: 'rst' })
  assert.equal([...trial.context.ledger.failuresOf(1007).keys()], [null])
})

test('a server may wait for the rest of what it refuses, which is noted, and is judged after it', async (t) => {
  const waits: { rest: string | null } = { rest: null }
  const url = await startUpgradedServer(
    t,
    () => {},
    (socket, bytes) => {
      if (bytes.toString() === 'rest') saysAndEnds(CLOSE_1002)(socket)
      waits.rest ??= bytes.toString('hex')
    },
  )
  const trial = createTrial(t, url)
  const peer = await trial.open()
  await peer.sendFrame({ opcode: 9, length: 126, form: 16 })
  await expectFailureEarly(trial, peer, [1002], () => peer.sendBytes(Buffer.from('rest')))
  assert.equal([verdictOf(trial), trial.notes], ['pass', ['waits for the rest of what it refuses']])
})

async function sendText(trial: Trial): Promise<void> {
  const peer = await trial.open()
  await expectEchoThenCleanClose(trial, peer, { payload: 'a' })
}

test('echo, then clean close: the wrong type, other content or nothing fails', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('810161', CLOSE_1000), sendText), 'pass')
  assert.is(await verdictAfter(t, saysAndEnds('820161', CLOSE_1000), sendText), 'fail')
  assert.is(await verdictAfter(t, saysAndEnds('810162', CLOSE_1000), sendText), 'fail')
  assert.is(await verdictAfter(t, saysAndEnds('81026161', CLOSE_1000), sendText), 'fail')
  assert.is(await verdictAfter(t, () => {}, sendText), 'fail')
})

test('an echo refused with 1009 is a limit of the server, not a fault; a small message is not too big', async (t) => {
  const refuses = saysAndEnds('880203f1')
  const echo = (size: number) => async (trial: Trial) =>
    expectEchoThenCleanClose(trial, await trial.open(), { payload: '*'.repeat(size) })
  const error = await thrownBy(() => verdictAfter(t, refuses, echo(126)))
  assert.instance(error, Skip)
  assert.is((error as Skip).message, 'the target accepts no message of 126 bytes: Close 1009')
  assert.is(await verdictAfter(t, refuses, echo(125)), 'fail')
})

test('many frames refused with 1008, 1009 or 1013 are above a limit of the server; five are not too many', async (t) => {
  const echo = (count: number) => async (trial: Trial) => {
    const frames = Array.from({ length: count }, (_, at) => ({
      opcode: at === 0 ? Op.BINARY : Op.CONT,
      fin: at === count - 1,
    }))
    await expectEchoThenCleanClose(trial, await trial.open(), { opcode: Op.BINARY, payload: '', frames })
  }
  for (const code of ['03f0', '03f1', '03f5']) {
    const error = await thrownBy(() => verdictAfter(t, saysAndEnds(`8802${code}`), echo(6)))
    assert.match((error as Skip).message, 'the target accepts no 0 bytes in 6 frames: Close 10')
    assert.is(await verdictAfter(t, saysAndEnds(`8802${code}`), echo(5)), 'fail')
  }
  assert.is(await verdictAfter(t, saysAndEnds(CLOSE_1002), echo(6)), 'fail')
})

test('echo, then clean close: the fragmentation of the echo is free, pings in between are answered', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('0100', '8900', '800161', '8800'), sendText), 'pass')
})

test('echo, then clean close: a second message fails, a missing Close or end warns', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('810161', '810161', CLOSE_1000), sendText), 'fail')
  assert.is(await verdictAfter(t, saysAndEnds('810161'), sendText), 'warn')
  assert.is(await verdictAfter(t, says('810161', CLOSE_1000), sendText), 'warn')
  assert.is(await verdictAfter(t, saysAndEnds('810161', '880203ed'), sendText), 'warn')
})

test('echo, then clean close: the code is only typically echoed, frames after the Close are counted elsewhere', async (t) => {
  assert.is(await verdictAfter(t, saysAndEnds('810161', '880203e9'), sendText), 'pass')
  assert.is(await verdictAfter(t, saysAndEnds('810161', CLOSE_1000, CLOSE_1000), sendText), 'pass')
})

test('a clean close that is the subject itself fails where it otherwise warns', async (t) => {
  const action = async (trial: Trial): Promise<void> => {
    const peer = await trial.open()
    await expectCleanClose(trial, peer, { code: 3000, codes: [1000, 3000], strict: true })
  }
  assert.is(await verdictAfter(t, saysAndEnds('88020bb8'), action), 'pass')
  assert.is(await verdictAfter(t, saysAndEnds(''), action), 'fail')
  assert.is(await verdictAfter(t, says(CLOSE_1000), action), 'fail')
})

test('nothing more is pending: anything before the pong fails', async (t) => {
  const action = async (trial: Trial): Promise<void> => expectQuiet(trial, await trial.open(), 'q')
  assert.is(await verdictAfter(t, says('8a0171'), action), 'pass')
  assert.is(await verdictAfter(t, says('8101', '61', '8a0171'), action), 'fail')
  assert.is(await verdictAfter(t, says('8a0172'), action), 'fail')
})

async function rejectionOf(t: TestContext, answer: Answer, options = {}): Promise<string> {
  const url = await startRawServer(t, (socket) => socket.once('data', () => answer(socket)))
  const trial = createTrial(t, url)
  try {
    expectReject(trial, await trial.handshake(), options)
  } catch (error) {
    if (!(error instanceof Settled)) throw error
  }
  return verdictOf(trial)
}

const http =
  (head: string): Answer =>
  (socket) =>
    void socket.write(`${head}\r\n\r\n`)

test('reject: 4xx and 5xx pass, an end without a status warns, 200 warns, 101 and silence fail', async (t) => {
  assert.is(await rejectionOf(t, http('HTTP/1.1 400 Bad Request')), 'pass')
  assert.is(await rejectionOf(t, http('HTTP/1.1 505 HTTP Version Not Supported')), 'pass')
  assert.is(await rejectionOf(t, (socket) => void socket.end()), 'warn')
  assert.is(await rejectionOf(t, http('HTTP/1.1 101 Switching Protocols')), 'fail')
  assert.is(await rejectionOf(t, http('HTTP/1.1 200 OK')), 'warn')
  assert.is(await rejectionOf(t, () => {}), 'fail')
})

test('reject: a plain answer does where only the upgrade is forbidden', async (t) => {
  assert.is(await rejectionOf(t, http('HTTP/1.1 200 OK'), { anyAnswer: true }), 'pass')
  assert.is(await rejectionOf(t, http('HTTP/1.1 101 Switching Protocols'), { anyAnswer: true }), 'fail')
})

test('reject: another refusal than the one the RFC names warns', async (t) => {
  assert.is(await rejectionOf(t, http('HTTP/1.1 404 Not Found'), { statuses: [400] }), 'warn')
})

test('a 101 that breaks a rule of its own does not count as accepted', async (t) => {
  const url = await startRawServer(t, (socket) => socket.once('data', () => http('HTTP/1.1 101 Fine')(socket)))
  const trial = createTrial(t, url)
  await expectAcceptAndProbe(trial).catch(() => {})
  assert.is(verdictOf(trial), 'fail')
})

test('alive: a target that does not serve is lost, which fails even an info case', async (t) => {
  const url = await startRawServer(t, (socket) => void socket.end())
  const trial = createTrial(t, url, 'hs.limit.silent')
  await expectAlive(trial).catch(() => {})
  assert.is(trial.lost, true)
  assert.is(verdictOf(trial), 'fail')
})
