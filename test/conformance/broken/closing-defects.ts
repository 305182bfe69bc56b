import type { Defect } from './defect.ts'

/** Defects of the closing handshake (RFC 6455 §7). */
export const closing = {
  'never-ends-tcp': { sentence: 'never ends TCP', cases: ['close.tcp-prompt', 'close.2-byte'] },
  'waits-for-client-to-end-tcp': {
    sentence: 'waits for the client to end TCP',
    cases: ['close.tcp-prompt'],
  },
  'resets-tcp': { sentence: 'ends TCP with a reset', cases: ['close.fin-not-rst', 'close.2-byte'] },
  'resets-with-unread-input': {
    sentence: 'resets TCP when frames follow the Close',
    cases: ['close.fin-not-rst-unread'],
  },
  'drops-tcp-without-close-reply': {
    sentence: 'drops TCP without a Close',
    cases: ['close.2-byte', 'close.valid-1000'],
  },
  'fails-without-close': { sentence: 'fails without a Close', cases: ['rsv.text-rsv3', 'inv.close-before-fin'] },
  'fails-with-empty-close': {
    sentence: 'fails with an empty Close',
    cases: ['rsv.text-rsv3', 'close.code-on-protocol-error'],
  },
  'fails-with-1000': { sentence: 'fails with 1000', cases: ['rsv.text-rsv3', 'close.code-on-protocol-error'] },
  'fails-with-1006': { sentence: 'fails with 1006', cases: ['inv.close-code', 'close.reply-shape', 'op.3-empty'] },
  'fails-with-1010': { sentence: 'fails with 1010', cases: ['close.server-never-1010', 'op.3-empty'] },
  'fails-with-bad-reason': { sentence: 'gives a reason that is not UTF-8', cases: ['close.reply-shape', 'op.3-empty'] },
  'replies-1005-to-empty-close': {
    sentence: 'replies 1005 to an empty Close',
    cases: ['close.empty-reply-code', 'close.empty'],
  },
  'replies-close-of-one-byte': {
    sentence: 'replies a Close of one byte',
    cases: ['close.2-byte', 'close.reply-shape'],
  },
  'replies-close-twice': { sentence: 'replies two Closes', cases: ['close.once', 'close.2-byte'] },
  'swaps-bytes-of-close-code': { sentence: 'swaps the bytes of the code it echoes', cases: ['close.valid-1000'] },
  'sends-text-after-close': { sentence: 'sends a text after its Close', cases: ['inv.after-close', 'close.2-byte'] },
  'goes-on-after-close': {
    sentence: 'answers what comes after the Close',
    cases: ['close.then-ping', 'close.then-text'],
  },
  'goes-on-after-failing': {
    sentence: 'leaves the connection open after a violation',
    cases: ['close.after-fail-silent', 'rsv.text-rsv3'],
  },
  'accepts-close-of-one-byte': { sentence: 'accepts a Close of one byte', cases: ['close.1-byte'] },
  'accepts-any-close-code': { sentence: 'accepts any close code', cases: ['close.invalid-999', 'close.invalid-1006'] },
  'accepts-close-1005': { sentence: 'accepts the close code 1005', cases: ['close.invalid-1005'] },
  'accepts-unassigned-close-codes': {
    sentence: 'accepts close codes 1015 to 2999',
    cases: ['close.invalid-2000', 'close.invalid-1016'],
  },
  'refuses-close-codes-of-applications': {
    sentence: 'refuses close codes 3000 to 4999',
    cases: ['close.valid-3000', 'close.valid-4999'],
  },
  'refuses-close-1012-to-1014': { sentence: 'refuses the close codes 1012 to 1014', cases: ['close.valid-1012'] },
  'checks-no-reason': {
    sentence: 'does not check that the reason is UTF-8',
    cases: ['close.reason-bad-utf8', 'close.reason-bad-ff'],
  },
  'refuses-reason-above-100': {
    sentence: 'refuses reasons above 100 bytes',
    cases: ['close.reason-123', 'close.reason-122'],
  },
} as const satisfies Record<string, Defect>
