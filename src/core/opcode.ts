/** The opcodes of RFC 6455 §5.2. All other values are reserved. */
export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const

export type Opcode = (typeof Opcode)[keyof typeof Opcode]

/** Returns whether an opcode is that of a control frame: 0x8 or higher (RFC 6455 §5.5). */
export function isControl(opcode: number): boolean {
  return opcode >= 0x8
}
