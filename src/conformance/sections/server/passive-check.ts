import { type Case, expectNoBreach, type Trial } from '../../script/index.ts'
import { isForbiddenCode, isLegalCode } from '../../wire/index.ts'

/** Rules for which the recorded violations decide. */
const RULES = [
  'inv.frame-grammar',
  'inv.not-masked',
  'inv.shortest-length',
  'inv.rsv',
  'inv.control',
  'inv.message-order',
  'inv.text-utf8',
]

/** Causes some frames of each kind when no other case has run. The frames are only observed. */
async function makeTraffic(t: Trial): Promise<void> {
  if (t.context.ledger.countOf('frames') > 0) return
  const peer = await t.open()
  await peer.sendText('Hello-µ@ßöäüàá-UTF-8!!')
  await peer.sendPing('traffic')
  const event = await peer.skipWhile(({ kind }) => kind !== 'pong' && kind !== 'end')
  if (event?.kind !== 'pong') return
  await peer.sendClose(1000)
  await peer.waitForEnd()
}

function passive(id: string, judge: (t: Trial) => void): Case {
  return {
    id,
    phase: 'after',
    async run(t) {
      await makeTraffic(t)
      judge(t)
    },
  }
}

/** Fails for codes that must not be sent. Notes codes without a meaning (RFC 6455 §7.4). */
function judgeCloseCodes(t: Trial): void {
  const codes = Object.keys(t.context.ledger.countsOf('close.')).map(Number)
  const odd = codes.filter((code) => !isLegalCode(code) && !isForbiddenCode(code))
  if (odd.length > 0) t.note(`codes without a meaning: ${odd.join(', ')}`)
  expectNoBreach(t, t.entry.id)
}

function judgePongs(t: Trial): void {
  const { answer = 0, unsolicited = 0 } = t.context.ledger.countsOf('pong.')
  t.note(`${answer} pongs with the data of a ping, ${unsolicited} unsolicited`)
  expectNoBreach(t, t.entry.id)
}

function judgeAfterClose(t: Trial): void {
  const count = t.context.ledger.countOf('after-close.control')
  if (count > 0) t.note(`${count} pings or pongs after a Close`)
  expectNoBreach(t, t.entry.id)
}

function judgeEnds(t: Trial): void {
  const { ledger } = t.context
  t.note(
    `${ledger.countOf('end.close')} connections ended with a Close, ${ledger.breachCountOf('inv.close-before-fin')} without`,
  )
  expectNoBreach(t, t.entry.id)
}

function reportLatency(t: Trial): void {
  for (const name of ['pong', 'close', 'fin']) {
    const times = t.context.ledger.timesOf(name)
    t.note(times === null ? `${name}: not seen` : `${name}: p50 ${times.p50} ms, p95 ${times.p95} ms (${times.count})`)
  }
}

/** Checks on every frame that the target sent in the run (RFC 6455 §5, §7): `inv`. */
export const passiveChecks: Case[] = [
  ...RULES.map((id) => passive(id, (t) => expectNoBreach(t, id))),
  passive('inv.after-close', judgeAfterClose),
  passive('inv.pong-known', judgePongs),
  passive('inv.close-code', judgeCloseCodes),
  passive('inv.close-before-fin', judgeEnds),
  passive('inv.latency', reportLatency),
]
