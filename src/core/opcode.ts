/** The opcodes of RFC 6455 §5.2; every other value is reserved. */
export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const

export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** Opcodes from 0x8 up are control frames (RFC 6455 §5.5). */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8
}
