import { expectClientOpens, type PendingUpgrade, receptionOf, requestRules, sendAnswer } from '../../client/index.ts'
import { type Case, expectNoBreach, expectProbe, type Trial } from '../../script/index.ts'
import { fieldValue, sleep } from '../../wire/index.ts'

/** Milliseconds by which the response is delayed. */
const HELD = 500

/** Makes a case that checks all requests of the run. It also opens a connection, so that it can run alone. */
function onEveryRequest(id: string, connections = 1): Case {
  return {
    id,
    phase: 'after',
    connections,
    async run(t) {
      for (let count = 0; count < connections; count++) await expectClientOpens(t)
      expectNoBreach(t, id)
    },
  }
}

/** Checks that no bytes arrive while the 101 is delayed. */
async function holdAnswer(t: Trial): Promise<void> {
  const { peer, request } = await receptionOf(t).next(t)
  await sleep(HELD)
  const early = peer.unread
  t.require(
    early.length === 0,
    'no bytes before the response',
    `${early.length} bytes: ${early.toString('hex', 0, 40)}`,
  )
  await sendAnswer(peer, request)
  await expectProbe(t, peer)
}

/** Checks the Origin of browsers, and notes that of other clients (RFC 6455 §4.1). */
async function describeOrigin(t: Trial): Promise<void> {
  const { request } = await expectClientOpens(t)
  const origin = fieldValue(request, 'origin')
  if (!/^Mozilla\//.test(fieldValue(request, 'user-agent') ?? '')) {
    t.observe('origin', origin ?? '(absent)')
    return
  }
  const right = `http://${fieldValue(request, 'host')}`
  t.assert(origin === right, `Origin: ${right}`, `Origin: ${origin ?? '(absent)'}`)
}

/** Opens two connections from one client at once; checks that the second waits until the first handshake ends. */
async function openTwice(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  const first = await reception.next(t)
  if (!first.ask('open-again')) {
    await sendAnswer(first.peer, first.request)
    await expectProbe(t, first.peer)
    t.skip('the driver accepts no command “open-again”')
  }
  const early = await reception.arrived(t, { timeout: HELD, start: false }, null)
  t.observe('handshakes_at_once', early === null ? 'the second waits' : 'both at once')
  await dismiss(first)
  await dismiss(early ?? (await reception.next(t, { start: false })))
}

async function dismiss({ peer, request }: PendingUpgrade): Promise<void> {
  await sendAnswer(peer, request)
  await peer.sendClose(1000)
}

/** The opening request (RFC 6455 §4.1): the cases of `client.req` that need no special URL. */
export const clientRequest: Case[] = [
  ...requestRules.map((id) => onEveryRequest(id)),
  onEveryRequest('client.req.key-fresh', 3),
  { id: 'client.req.waits', run: holdAnswer },
  { id: 'client.req.origin', run: describeOrigin },
  { id: 'client.req.one-connecting', run: openTwice },
]
