/**
 * How to write a section
 *
 * A section is a file under `sections/` that exports an array of cases. What a case is called, its class, its rules
 * and its texts are in the catalogue (`catalogue/`); the section only says how it runs:
 *
 *     export const orphans: Case[] = [
 *       {
 *         id: 'frag.orphan-fin1',
 *         async run(t) {
 *           const peer = await t.open()
 *           await peer.sendFrames([
 *             { opcode: Op.CONT, payload: 'non-continuation payload' },
 *             { opcode: Op.TEXT, payload: 'Hello, world!' },
 *           ])
 *           await expectFailure(t, peer, [1002])
 *         },
 *       },
 *     ]
 *
 * and one line in `sections/index.ts` adds it. Cases that differ by a value are made with `map`.
 *
 * - `t.open(options)` gives a `Peer` after its 101, `t.handshake(options)` the peer with any answer,
 *   `t.connect()` a bare connection. All are closed at the end of the case.
 * - `peer.sendFrame(spec, chop)` sends anything, legal or not; `peer.sendText`, `sendBinary`, `sendPing`, `sendClose`,
 *   `sendBytes`, `end` (FIN), `reset` (RST). `peer.frameBytes(spec)` gives the bytes to cut them by hand.
 * - `peer.expectMessage()`, `expectPong()`, `expectClose()`, `expectEnd()` and `next()` wait for the next event; what
 *   is not as expected throws a `Mismatch`, which fails the case with both sides shown. No sleeping: to show that
 *   something does *not* come, go on to a Close or a ping and look at what preceded its answer (`expectQuiet`,
 *   `expectCleanClose` do that).
 * - The functions of `expect-*.ts` are named after the terms of the catalogue: `expectEchoThenCleanClose`, `expectEcho`, `expectCleanClose`,
 *   `expectFailure` (`fail(c)`), `expectFailureEarly` (fails without waiting), `expectReject`, `probe`, `alive`.
 * - `t.assert(ok, expected, actual, { class, requirement })` records a judgement, `t.require` also ends the case,
 *   `t.assertShould` warns, `t.note` remarks, `t.observe(name, value)` adds to the profile of the target,
 *   `t.skip(reason)` leaves the case. `t.require` narrows types, for which TypeScript wants `t` declared: `run(t: Trial)`. The class is that of the entry unless given; an `info` case never fails
 *   but by an assertion whose class is given as `must` (as `alive` does).
 * - `t.random` is seeded by run and case; `t.context` has the target, its capabilities, the idle time, the ledger of
 *   all traffic and the size limits.
 */
import type { Trial } from './trial.ts'

/**
 * When a case runs. `parallel` (default): with others. `idle`: with all others whose subject is silence, beside those;
 * with one job, after those. `alone`: one by one after both. `last`: one by one at the very end, for what may harm the target.
 * `after`: when all traffic was seen.
 */
export type Phase = 'parallel' | 'idle' | 'alone' | 'last' | 'after'

export type CaseTag = 'slow' | 'hostile' | 'idle' | 'timing'

/** How one entry of the catalogue runs. */
export interface Case {
  /** The id in the catalogue. */
  id: string
  run(t: Trial): Promise<void>
  phase?: Phase
  /** What the target must be able to do, else the case is skipped with that reason. */
  needs?: readonly ('echo' | 'pmd' | 'tls' | 'subprotocol' | 'http2')[]
  /**
   * `slow`: only with `--long`; `hostile`: only with `--robust`; `timing`: the verdict depends on how TCP delivers what is
   * sent, so that a pass is confirmed by a second attempt.
   */
  tags?: readonly CaseTag[]
  /** Client cases: how many connections it wants; default 1. 0: it starts clients itself and needs `--exec`. */
  connections?: number
  /** Milliseconds for the whole case, before the timeout factor; default 60,000. */
  limit?: number
}
