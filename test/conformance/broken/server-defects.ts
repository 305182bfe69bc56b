import { closing } from './closing-defects.ts'
import { compression } from './compression-defects.ts'
import type { Defect } from './defect.ts'
import { frames } from './frame-defects.ts'
import { handshake } from './handshake-defects.ts'
import { messages } from './message-defects.ts'

const traffic = {
  'fails-too-big-with-1002': {
    sentence: 'fails messages that are too big with 1002',
    cases: ['len.huge-2p60', 'close.code-on-too-big'],
  },
  'fails-all-connections-together': { sentence: 'ends all connections when one fails', cases: ['robust.neighbour'] },
  'drops-output-when-busy': {
    sentence: 'drops echoes while its output is not written yet',
    cases: ['robust.empty-messages-100k'],
  },
  'sends-rsv3': { sentence: 'sets RSV3', cases: ['inv.rsv', 'len.text-125'] },
  'sends-reserved-opcode': { sentence: 'sends a reserved opcode', cases: ['inv.frame-grammar', 'len.text-125'] },
  'sends-two-starts': { sentence: 'sends two starts for one message', cases: ['inv.message-order', 'len.text-125'] },
  'pads-pongs': { sentence: 'sends pongs above 125 bytes', cases: ['inv.control', 'ping.text'] },
  'sends-pong-without-fin': { sentence: 'sends pongs with FIN 0', cases: ['inv.control', 'ping.text'] },
} as const satisfies Record<string, Defect>

/** Every defect of the server: what the server does, and the cases of which at least one must detect it. */
export const serverDefects = {
  ...handshake,
  ...frames,
  ...messages,
  ...closing,
  ...compression,
  ...traffic,
} as const satisfies Record<string, Defect>
