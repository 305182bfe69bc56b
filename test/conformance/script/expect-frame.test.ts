import type { Socket } from 'node:net'
import { Mismatch } from '../../../src/conformance/peer/inbound.ts'
import type { Peer } from '../../../src/conformance/peer/peer.ts'
import { parseTarget } from '../../../src/conformance/peer/target.ts'
import { verdictOf } from '../../../src/conformance/run/case-result.ts'
import {
  expectEndAfterFin,
  expectFailureAfterEcho,
  expectNoBreach,
  expectPongs,
  expectServerEnd,
  sendInWay,
} from '../../../src/conformance/script/expect-frame.ts'
import { Settled, type Trial } from '../../../src/conformance/script/trial.ts'
import { Op } from '../../../src/conformance/wire/frame.ts'
import { createTrial, startUpgradedServer } from '../../support/conformance-trial.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('conformance/script/expect-frame')

const CLOSE_1000 = '880203e8'
const CLOSE_1002 = '880203ea'

interface Outcome {
  verdict: string
  notes: string[]
  trial: Trial
}

/**
 * Resolves to how `action` ends on a connection to a server that writes these bytes at once, and then ends or stays
 * open.
 */
async function outcomeOf(
  t: TestContext,
  bytes: string,
  action: (trial: Trial, peer: Peer) => Promise<void>,
  ends = true,
): Promise<Outcome> {
  const answer = (socket: Socket): void => {
    socket.write(Buffer.from(bytes.replaceAll(' ', ''), 'hex'))
    if (ends) socket.end()
  }
  const trial = createTrial(t, await startUpgradedServer(t, answer))
  try {
    await action(trial, await trial.open())
  } catch (error) {
    if (error instanceof Mismatch) trial.assert(false, error.expected, error.actual)
    else if (!(error instanceof Settled)) throw error
  }
  return { verdict: verdictOf(trial), notes: trial.notes, trial }
}

test('the end by the server passes with a Close and without one', async (t) => {
  assert.is((await outcomeOf(t, '', expectServerEnd)).verdict, 'pass')
  assert.is((await outcomeOf(t, CLOSE_1000, expectServerEnd)).verdict, 'pass')
})

test('the end by the server fails with an answer before it or an illegal Close, and is a warning when it is late', async (t) => {
  assert.is((await outcomeOf(t, '810161', expectServerEnd)).verdict, 'fail')
  assert.is((await outcomeOf(t, '880203ee', expectServerEnd)).verdict, 'fail')
  assert.is((await outcomeOf(t, '880303eaff', expectServerEnd)).verdict, 'fail')
  assert.is((await outcomeOf(t, '880161', expectServerEnd)).verdict, 'fail')
  assert.is((await outcomeOf(t, CLOSE_1000, expectServerEnd, false)).verdict, 'warn')
})

test('after FIN a server may end with or without a Close; staying is noted, a message is a failure', async (t) => {
  assert.is((await outcomeOf(t, '', expectEndAfterFin)).verdict, 'pass')
  assert.is((await outcomeOf(t, CLOSE_1000, expectEndAfterFin)).verdict, 'pass')
  const open = await outcomeOf(t, '', expectEndAfterFin, false)
  assert.equal([open.verdict, open.notes], ['pass', ['the connection stays open after FIN']])
  assert.is((await outcomeOf(t, '810161', expectEndAfterFin)).verdict, 'fail')
})

test('a code other than the allowed one is a warning, a missing Close is not', async (t) => {
  const expect1002 = (trial: Trial, peer: Peer): Promise<void> => expectServerEnd(trial, peer, [1002])
  assert.is((await outcomeOf(t, CLOSE_1002, expect1002)).verdict, 'pass')
  assert.is((await outcomeOf(t, '', expect1002)).verdict, 'pass')
  assert.is((await outcomeOf(t, CLOSE_1000, expect1002)).verdict, 'warn')
  assert.is((await outcomeOf(t, '8800', expect1002)).verdict, 'warn')
})

test('an echo before the failure may arrive once, and is noted when it does not', async (t) => {
  const action = (trial: Trial, peer: Peer): Promise<void> => expectFailureAfterEcho(trial, peer, 'a', [1002])
  const echoed = await outcomeOf(t, `810161${CLOSE_1002}`, action)
  assert.equal([echoed.verdict, echoed.notes], ['pass', []])
  const silent = await outcomeOf(t, CLOSE_1002, action)
  assert.equal([silent.verdict, silent.notes.length], ['pass', 1])
  assert.is((await outcomeOf(t, `810161810161${CLOSE_1002}`, action)).verdict, 'fail')
  assert.is((await outcomeOf(t, `810162${CLOSE_1002}`, action)).verdict, 'fail')
})

async function pingThrice(trial: Trial, peer: Peer): Promise<void> {
  const payloads = ['a', 'b', 'c'].map((text) => Buffer.from(text))
  await peer.sendFrames(payloads.map((payload) => ({ opcode: Op.PING, payload })))
  await expectPongs(trial, peer, payloads)
}

test('pongs arrive in the order of the pings up to the last', async (t) => {
  const all = await outcomeOf(t, '8a0161 8a0162 8a0163', pingThrice)
  assert.equal([all.verdict, all.notes], ['pass', []])
  const last = await outcomeOf(t, '8a0163', pingThrice)
  assert.equal([last.verdict, last.notes], ['pass', ['1 pongs for 3 pings']])
})

test('pongs out of order, without the last, or of other data fail', async (t) => {
  assert.is((await outcomeOf(t, '8a0162 8a0161 8a0163', pingThrice)).verdict, 'fail')
  assert.is((await outcomeOf(t, '8a0161 8a0162', pingThrice)).verdict, 'fail')
  assert.is((await outcomeOf(t, '8a0164', pingThrice)).verdict, 'fail')
})

test('a pong that answers nothing may arrive between the others', async (t) => {
  assert.is((await outcomeOf(t, '8a0161 8a0164 8a0162 8a0163', pingThrice)).verdict, 'pass')
})

test('frames arrive the same in every way of writing them', async (t) => {
  for (const way of ['whole', 'frames', 'octets'] as const) {
    let arrived = ''
    const url = await startUpgradedServer(
      t,
      () => {},
      (socket, bytes) => {
        arrived += bytes.toString('hex')
        if (arrived.length === 2 * 16) socket.end(Buffer.from(CLOSE_1000, 'hex'))
      },
    )
    const target = { ...parseTarget(url), connectAside: undefined }
    const trial = createTrial(t, url, undefined, { target })
    const peer = await trial.open()
    const frame = { opcode: Op.TEXT, payload: 'ab', mask: Buffer.alloc(4) }
    await sendInWay(trial, peer, [frame, frame], way)
    await peer.expectClose()
    assert.is(arrived, '8182000000006162'.repeat(2))
  }
})

test('what any connection broke is judged, some of it named and the rest counted', async (t) => {
  const trial = createTrial(t, 'ws://127.0.0.1:1/')
  expectNoBreach(trial, 'inv.rsv', 'inv.control')
  assert.is(verdictOf(trial), 'pass')
  for (let index = 0; index < 7; index++) trial.context.ledger.breach('inv.rsv', `case.${index}`, 'text rsv3')
  assert.throws(() => expectNoBreach(trial, 'inv.control', 'inv.rsv'))
  assert.is(verdictOf(trial), 'fail')
  assert.match(trial.assertions.at(-1)?.actual ?? '', /text rsv3 \(in case\.0\).*and 2 more/)
})
