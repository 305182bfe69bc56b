import type { Defect } from './defect.ts'

/** Defects of permessage-deflate (RFC 7692). */
export const compression = {
  'pmd-takes-last-offer': { sentence: 'accepts the last of two good offers', cases: ['pmd.neg.preference'] },
  'pmd-reads-first-offer-only': { sentence: 'does not look past a bad offer', cases: ['pmd.neg.fallback-bad-first'] },
  'pmd-refuses-request-with-bad-offer': {
    sentence: 'refuses the request for a bad offer',
    cases: ['pmd.neg.bad-smwb-7', 'pmd.neg.bad-unknown-param'],
  },
  'pmd-refuses-request-with-server-bits': {
    sentence: 'refuses the request for server_max_window_bits',
    cases: ['pmd.neg.smwb-9', 'pmd.neg.smwb-15'],
  },
  'pmd-accepts-repeated-param': { sentence: 'accepts a repeated parameter', cases: ['pmd.neg.bad-dup-snct'] },
  'pmd-accepts-flag-with-value': {
    sentence: 'accepts a flag with a value',
    cases: ['pmd.neg.bad-snct-value', 'pmd.neg.bad-cnct-value'],
  },
  'pmd-ignores-unknown-param': { sentence: 'ignores unknown parameters', cases: ['pmd.neg.bad-unknown-param'] },
  'pmd-accepts-16-bits': { sentence: 'accepts window bits 16', cases: ['pmd.neg.bad-smwb-16', 'pmd.neg.bad-cmwb-16'] },
  'pmd-accepts-leading-zero': {
    sentence: 'accepts window bits 08',
    cases: ['pmd.neg.bad-smwb-08', 'pmd.neg.bad-cmwb-08'],
  },
  'pmd-parses-bits-leniently': {
    sentence: 'parses window bits with parseInt',
    cases: ['pmd.neg.bad-smwb-decimal', 'pmd.neg.bad-smwb-plus'],
  },
  'pmd-omits-server-no-context': {
    sentence: 'accepts server_no_context_takeover without saying so',
    cases: ['pmd.neg.snct'],
  },
  'pmd-omits-server-bits': { sentence: 'accepts server_max_window_bits without saying so', cases: ['pmd.neg.smwb-9'] },
  'pmd-answers-client-bits-unasked': {
    sentence: 'answers client_max_window_bits unasked',
    cases: ['pmd.neg.no-client-bits'],
  },
  'pmd-answers-unknown-param': { sentence: 'answers a parameter nobody knows', cases: ['pmd.neg.answer-params'] },
  'pmd-answers-twice': { sentence: 'answers permessage-deflate twice', cases: ['pmd.neg.once', 'pmd.neg.plain'] },
  'reads-first-extension-field-only': {
    sentence: 'overlooks a second extensions field',
    cases: ['pmd.neg.two-fields'],
  },
  'pmd-inflates-plain-messages': {
    sentence: 'inflates messages without RSV1',
    cases: ['pmd.frame.rsv1-off', 'pmd.frame.mixed'],
  },
  'pmd-forgets-rsv1': {
    sentence: 'compresses without RSV1',
    cases: ['pmd.frame.rsv1-off', 'pmd.frame.server-decodes'],
  },
  'pmd-marks-plain-as-compressed': {
    sentence: 'sets RSV1 on messages it did not compress',
    cases: ['pmd.frame.rsv1-off', 'pmd.frame.server-decodes'],
  },
  'pmd-marks-each-fragment': {
    sentence: 'sets RSV1 on continuations',
    cases: ['pmd.frame.server-rsv1', 'inv.rsv', 'pmd.frame.rsv1-off'],
  },
  'sets-rsv1-on-pongs': { sentence: 'sets RSV1 on pongs', cases: ['pmd.frame.ping-between', 'inv.rsv'] },
  'pmd-compresses-without-agreement': {
    sentence: 'compresses where nothing was agreed',
    cases: ['inv.rsv', 'len.text-125'],
  },
  'pmd-sends-tail': {
    sentence: 'sends the tail 00 00 FF FF',
    cases: ['pmd.frame.server-decodes', 'pmd.frame.rsv1-off'],
  },
  'pmd-forgets-window': {
    sentence: 'begins each message with an empty window',
    cases: ['pmd.data.rfc-window', 'pmd.data.distance-32768-across'],
  },
  'pmd-loses-window-after-bfinal': {
    sentence: 'loses the window after BFINAL',
    cases: ['pmd.data.bfinal-then-window'],
  },
  'pmd-stops-at-bfinal': { sentence: 'drops what follows BFINAL in a message', cases: ['pmd.data.bfinal-middle'] },
  'pmd-forgets-window-at-plain-message': {
    sentence: 'forgets the window at a plain message',
    cases: ['pmd.data.window-plain-between'],
  },
  'pmd-keeps-half-the-window': {
    sentence: 'retains only 16 KiB of the window',
    cases: ['pmd.data.distance-32768-across'],
  },
  'pmd-takes-hint-for-agreed': {
    sentence: 'treats a client_no_context_takeover it did not answer as agreed',
    cases: ['pmd.data.window-after-hint'],
  },
  'pmd-keeps-window-against-agreement': {
    sentence: 'refers back in spite of server_no_context_takeover',
    cases: ['pmd.data.server-fresh'],
  },
  'pmd-ignores-window-bits': {
    sentence: 'refers back beyond the agreed window',
    cases: ['pmd.data.server-window-9', 'pmd.data.server-window-8'],
  },
  'pmd-takes-broken-data-for-empty': {
    sentence: 'reads broken compressed data as an empty message',
    cases: ['pmd.data.bad-btype3', 'pmd.data.bad-distance'],
  },
  'pmd-checks-no-text': {
    sentence: 'does not check inflated text',
    cases: ['pmd.data.utf8-bad', 'pmd.data.utf8-bad-fragmented'],
  },
  'truncates-at-limit': { sentence: 'truncates an inflated message at the limit', cases: ['pmd.limit.bomb-100m'] },
} as const satisfies Record<string, Defect>
