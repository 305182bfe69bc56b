import type { Case, Trial } from '../../script/index.ts'
import { closing } from './closing.ts'
import { controlFrames } from './control-frame.ts'
import { fragmentOrder } from './fragment-order.ts'
import { masking } from './masking.ts'
import { reservedOpcodes } from './opcode.ts'
import { payloadLength } from './payload-length.ts'
import { pings } from './ping.ts'
import { reservedBits } from './reserved-bit.ts'
import { textFailFast } from './text-fail-fast.ts'

/** A few cases of each topic. With `--http2` all cases can be run over streams. */
const SUBSET: readonly string[] = [
  'len.text-126',
  'len.binary-65536',
  'len.msb-8000000000000000',
  'mask.unmasked-ping',
  'rsv.text-rsv1',
  'rsv.ping-rsv2',
  'op.3-empty',
  'op.11-empty',
  'ctl.ping-126',
  'ctl.ping-fragmented',
  'ping.125',
  'frag.orphan-fin1',
  'frag.text-inside-text',
  'utf8.failfast-frame',
  'close.octets',
]

const topics: readonly Case[] = [
  ...payloadLength,
  ...masking,
  ...reservedBits,
  ...reservedOpcodes,
  ...controlFrames,
  ...pings,
  ...fragmentOrder,
  ...textFailFast,
  ...closing,
]

/** Runs cases of other groups on a stream. Their assertions are recorded for this case. */
async function runSubset(t: Trial): Promise<void> {
  for (const id of SUBSET) {
    const found = topics.find((one) => one.id === id)
    if (found === undefined) throw new Error(`${id} is not in the topics`)
    await t.within(id, () => found.run(t))
  }
}

/** The topics of RFC 6455 over a stream (RFC 8441 §5): `h2.data.subset`. */
export const http2Subset: Case[] = [{ id: 'h2.data.subset', needs: ['http2', 'echo'], run: runSubset }]
