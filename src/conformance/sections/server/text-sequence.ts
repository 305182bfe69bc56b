import { type CatalogueEntry, catalogue } from '../../catalogue/index.ts'
import { type Case, expectEchoThenCleanClose, expectFailure, type Trial } from '../../script/index.ts'
import { hex, Op } from '../../wire/index.ts'

/** Bytes that the catalogue describes in words. */
const LONG: Record<string, Buffer> = {
  'utf8.ab-12-8': range(0x80, 0xbe),
  'utf8.ab-13-1': Buffer.concat([...range(0xc0, 0xde)].map((lead) => Buffer.from([lead, 0x20]))),
  'utf8.cont-bf': range(0x80, 0xbf),
}

/** Further cases that consist of one text frame: it is echoed, or the connection fails. */
const NAMED = ['utf8.incomplete-end', 'utf8.bom', 'utf8.nul', 'utf8.newlines', 'utf8.cont-bf']

function range(first: number, last: number): Buffer {
  return Buffer.from(Array.from({ length: last - first + 1 }, (_, index) => first + index))
}

/** Reads the bytes from the description of an entry: “text `c3a9`”, “`61 c0 62`”. */
export function bytesSent({ id, send }: Pick<CatalogueEntry, 'id' | 'send'>): Buffer {
  const [, digits] = /`([0-9a-f ]+)`/.exec(send) ?? []
  const bytes = LONG[id.replace(/^client\./, '')] ?? (digits === undefined ? undefined : hex(digits))
  if (bytes === undefined) throw new TypeError(`the description of ${id} contains no bytes in hex: ${send}`)
  return bytes
}

async function runSequence(t: Trial): Promise<void> {
  const payload = bytesSent(t.entry)
  const peer = await t.open()
  if (!t.entry.expect.startsWith('fail')) return expectEchoThenCleanClose(t, peer, { payload })
  await peer.sendFrame({ opcode: Op.TEXT, payload })
  await expectFailure(t, peer, [1007])
}

/** Byte sequences in one text frame (RFC 3629, RFC 6455 §8.1): `utf8.ab-*`, `utf8.lead-*` and the cases in `NAMED`. */
export const textSequences: Case[] = catalogue
  .filter(({ id }) => /^utf8\.(ab|lead)-/.test(id) || NAMED.includes(id))
  .map(({ id }) => ({ id, run: runSequence }))
