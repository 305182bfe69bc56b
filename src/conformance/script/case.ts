/**
 * How to write a section
 *
 * A section is a file under `sections/` that exports an array of cases. The catalogue (`catalogue/`) has the title, the
 * class, the rules and the texts of each case. The section only defines how it runs:
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
 * One line in `sections/index.ts` adds it. Cases that differ only in a value are made with `map`.
 *
 * - `t.open(options)` returns a `Peer` after its 101, `t.handshake(options)` a peer with any response, and
 *   `t.connect()` a connection without a handshake. All are closed at the end of the case.
 * - `peer.sendFrame(spec, chop)` sends any frame, valid or not. Further methods are `sendText`, `sendBinary`,
 *   `sendPing`, `sendClose`, `sendBytes`, `end` (FIN) and `reset` (RST). `peer.frameBytes(spec)` returns the bytes of a
 *   frame, for cases that split them by hand.
 * - `peer.expectMessage()`, `expectPong()`, `expectClose()`, `expectEnd()` and `next()` wait for the next event. An
 *   unexpected event throws a `Mismatch`, which fails the case and shows both sides. A case does not sleep: to prove
 *   that something does *not* arrive, it sends a Close or a ping and checks what precedes the reply (`expectQuiet` and
 *   `expectCleanClose` do that).
 * - The functions of `expect-*.ts` correspond to phrases of the catalogue: `expectEchoThenCleanClose` (“the echo, then
 *   a clean close”), `expectFailure` (“fails the connection with …”), `expectFailureEarly` (“without waiting”),
 *   `expectReject` (“an error response”), `expectProbe` (“a working connection”), `expectAlive` (“still serves other
 *   connections”).
 * - `t.assert(ok, expected, actual, { class, requirement })` records a result, and `t.require` also ends the case when
 *   it is false. `t.assertShould` warns, `t.note` adds a remark, `t.observe(name, value)` adds to the profile of the
 *   target, and `t.skip(reason)` skips the case. As `t.require` narrows types, TypeScript needs the declaration `run(t:
 *   Trial)`.
 * - The class of an assertion is that of the entry by default. An `info` case fails only by an assertion with the class
 *   `must`, as in `expectAlive`.
 * - `t.random` is seeded by the run and the case. `t.context` has the target, its capabilities, the idle time, the
 *   ledger of all traffic and the size limits.
 */
import type { Trial } from './trial.ts'

/**
 * When a case runs. `parallel` (default): together with others. `idle`: together with all other cases about silence, at
 * the same time as the parallel ones (with one job: after them). `alone`: one at a time after both. `last`: one at a
 * time at the end, for cases that may harm the target. `after`: when all other cases have run.
 */
export type Phase = 'parallel' | 'idle' | 'alone' | 'last' | 'after'

/** Default milliseconds for a whole case, before the timeout factor. */
export const CASE_LIMIT = 60_000

export type CaseTag = 'slow' | 'hostile' | 'idle' | 'timing'

/** How one entry of the catalogue runs. */
export interface Case {
  /** The id in the catalogue. */
  id: string
  run(t: Trial): Promise<void>
  phase?: Phase
  /** What the target must support. Otherwise the case is skipped with this reason. */
  needs?: readonly ('echo' | 'pmd' | 'tls' | 'subprotocol' | 'http2')[]
  /**
   * `slow`: only with `--long`. `hostile`: only with `--robust`. `timing`: the verdict depends on how TCP delivers the
   * bytes, so a second attempt must confirm a pass.
   */
  tags?: readonly CaseTag[]
  /**
   * For client cases: how many connections the case needs; default 1. With 0 it starts clients itself and needs
   * `--exec`.
   */
  connections?: number
  /** Milliseconds for the whole case, before the timeout factor; default: `CASE_LIMIT`. */
  limit?: number
}
