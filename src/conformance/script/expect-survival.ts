import type { Peer } from '../peer/index.ts'
import { Op } from '../wire/index.ts'
import type { Case } from './case.ts'
import { echoFault, loadTimeout } from './expect-load.ts'
import { expectAlive, expectQuiet } from './expect-served.ts'
import type { Trial } from './trial.ts'

/**
 * Makes a case of `robust`. After it a new connection must work, and one that was opened before it must still echo
 * (RFC 6455 §10.4).
 */
export function survivalCase(name: string, run: (t: Trial) => Promise<void>, options: Partial<Case> = {}): Case {
  return {
    id: `robust.${name}`,
    phase: 'last',
    ...options,
    async run(t: Trial) {
      const witness = await t.open()
      await run(t)
      await expectWitnessAlive(t, witness)
      await expectAlive(t)
    },
  }
}

async function expectWitnessAlive(t: Trial, witness: Peer): Promise<void> {
  if (!t.context.capabilities.echo) return expectQuiet(t, witness)
  const message = { opcode: Op.TEXT, payload: Buffer.from('still here') }
  await witness.sendFrame(message)
  const fault = echoFault(t, await witness.nextMeaningful(loadTimeout(t)), message)
  t.require(fault === null, 'an echo on the connection that was opened before', fault ?? 'the echo', { class: 'must' })
}
