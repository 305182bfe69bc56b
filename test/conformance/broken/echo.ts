import type { Defects } from './defects.ts'
import { BINARY, TEXT } from './frame.ts'

/** Returns the echo of a message: the same opcode and the same bytes, except for defects. */
export function echoOf(opcode: number, payload: Buffer, isFragmented: boolean, defects: Defects): [number, Buffer] {
  if (defects.has('echoes-text-as-binary')) return [BINARY, payload]
  if (defects.has('echoes-fragmented-as-text') && isFragmented) return [TEXT, payload]
  if (defects.has('flips-a-byte-past-64k') && payload.length > 65_536) payload[65_536]! ^= 1
  if (defects.has('cuts-echo-at-65535')) return [opcode, payload.subarray(0, 65_535)]
  if (opcode === TEXT) return [opcode, echoOfText(payload, defects)]
  return [opcode, payload]
}

function echoOfText(payload: Buffer, defects: Defects): Buffer {
  const text = payload.toString('utf8')
  if (defects.has('strips-byte-order-mark')) return Buffer.from(text.replace(/^\ufeff/, ''))
  if (defects.has('ends-text-at-nul')) return Buffer.from(text.split('\0')[0]!)
  if (defects.has('normalises-text')) return Buffer.from(text.normalize('NFC'))
  if (defects.has('normalises-line-ends')) return Buffer.from(text.replaceAll('\r\n', '\n'))
  if (defects.has('replaces-noncharacters')) return Buffer.from(text.replace(/\p{Noncharacter_Code_Point}/gu, '\ufffd'))
  if (defects.has('sends-text-in-latin-1')) return Buffer.from(text, 'latin1')
  return payload
}
