import { type Case, expectNoBreach, recordFailure, TOO_BIG_CODES, type Trial } from '../../script/index.ts'
import { type FrameSpec, hex, Op } from '../../wire/index.ts'

/**
 * For each code, a frame that must fail the connection with it, so that a case that runs alone has something to check.
 */
const FAULTS: Record<1002 | 1007 | 1009, FrameSpec> = {
  1002: { opcode: 3 },
  1007: { opcode: Op.TEXT, payload: hex('ff') },
  1009: { opcode: Op.BINARY, payload: 'the beginning', length: 2n ** 60n },
}

/** Ends connections by Close 1000, by an empty Close and by a violation. Other cases judge the outcome. */
async function makeClosings(t: Trial): Promise<void> {
  for (const body of ['', hex('03e8')]) {
    const peer = await t.open()
    await peer.sendFrame({ opcode: Op.CLOSE, payload: body })
    await peer.waitForEnd()
  }
  const peer = await t.open()
  await peer.sendFrame(FAULTS[1002])
  await peer.waitForEnd()
}

/** Reports violations of these rules on all connections of the run. */
function observes(id: string, ...rules: string[]): Case {
  return {
    id: `close.${id}`,
    phase: 'after',
    async run(t) {
      await makeClosings(t)
      expectNoBreach(t, ...rules)
    },
  }
}

/** How many cases are named for each unexpected code. */
const NAMED = 3

function describeCode(code: number | null, cases: ReadonlySet<string>): string {
  const named = [...cases].slice(0, NAMED).join(', ')
  const more = cases.size > NAMED ? ` and ${cases.size - NAMED} more` : ''
  return `${code === null ? 'no code' : code} in ${named}${more}`
}

/** Makes a case about all connections of the run that had to fail with exactly this code. */
function fails(id: string, expected: keyof typeof FAULTS): Case {
  return {
    id: `close.code-on-${id}`,
    phase: 'after',
    async run(t: Trial) {
      const peer = await t.open()
      await peer.sendFrame(FAULTS[expected])
      const event = await peer.nextMeaningful()
      if (event === null) t.note('waits for the rest')
      recordFailure(t, peer, expected, event)
      // A limit may also be a policy, code 1008 (RFC 6455 §7.4.1).
      const allowed: readonly (number | null)[] = expected === 1009 ? TOO_BIG_CODES : [expected]
      const others = [...t.context.ledger.failuresOf(expected)].filter(([code]) => !allowed.includes(code))
      const shown = others.map(([code, cases]) => describeCode(code, cases)).join('; ')
      t.require(others.length === 0, `${expected} each time`, shown || `${expected} each time`)
    },
  }
}

/** The Close frames on all connections of the run (RFC 6455 §5.5.1, §7.4): `close`. */
export const closeSurvey: Case[] = [
  observes('reply-shape', 'inv.close-code', 'close.reply-shape'),
  observes('server-never-1010', 'close.server-never-1010'),
  observes('once', 'close.once'),
  fails('protocol-error', 1002),
  fails('bad-utf8', 1007),
  fails('too-big', 1009),
]
