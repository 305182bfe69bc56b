import { describeInbound, Mismatch, type Peer } from '../peer/index.ts'
import { expectCleanClose } from './expect-close.ts'
import { expectEchoThenCleanClose } from './expect-echo.ts'
import { loadTimeout } from './expect-load.ts'
import { openWhenFree } from './open-many.ts'
import type { Trial } from './trial.ts'
/** Checks that nothing is pending: sends a ping and expects its pong with nothing before it (RFC 6455 §5.5.3). */
export async function expectQuiet(t: Trial, peer: Peer, mark = `quiet-${t.random.integer(0, 1e6)}`): Promise<void> {
  await peer.sendPing(mark)
  const event = await peer.nextMeaningful()
  if (event?.kind !== 'pong' || event.frame.payload.toString() !== mark) {
    throw new Mismatch(`pong with ${JSON.stringify(mark)}, and nothing before it`, describeInbound(event, t.timeout))
  }
}

/**
 * “A working connection” of the catalogue: the text message `probe`, its echo and a clean close. Without echo a ping
 * and its pong.
 */
export async function expectProbe(t: Trial, peer: Peer): Promise<void> {
  if (t.context.capabilities.echo) await expectEchoThenCleanClose(t, peer, { payload: 'probe' })
  else {
    await expectQuiet(t, peer, 'probe')
    await expectCleanClose(t, peer)
  }
}

/**
 * “Still serves other connections” of the catalogue: two new connections work. Otherwise the target is lost, which
 * always fails the run. One connection is not enough: it may overtake what the target still does for the previous
 * connection. A target that still works on a load may take the time of one.
 */
export async function expectAlive(t: Trial): Promise<void> {
  const expected = 'a fresh connection is served'
  const settings = { class: 'must', requirement: '6455-10.4-1' } as const
  const fault = await findFault(t)
  // The connections of the case itself may fill the limit of the target.
  const isFull = fault !== null && t.refused && t.peers.some(({ ended }) => !ended)
  if (isFull) for (const peer of t.peers) peer.destroy()
  const left = isFull ? await findFault(t) : fault
  if (left !== null) {
    t.lost = true
    t.fail(expected, left, settings)
  }
  t.assert(true, expected, 'served', settings)
}

/** Describes why two new connections do not work, or returns null. */
async function findFault(t: Trial): Promise<string | null> {
  try {
    await useOnce(t)
    await useOnce(t)
    return null
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error
    return error.message
  }
}

async function useOnce(t: Trial): Promise<void> {
  const timeout = loadTimeout(t)
  const peer = await openWhenFree(t, timeout)
  if (t.context.capabilities.echo) {
    await peer.sendText('probe')
    await peer.expectMessage('echo of the probe', timeout)
  } else await expectQuiet(t, peer, 'probe')
  await peer.sendClose(1000)
  await peer.waitForEnd()
}
