import type { Defect } from './defect.ts'

/** Defects of permessage-deflate (RFC 7692). */
export const compression = {
  'pmd-takes-last-offer': { sentence: 'takes the last of two good offers', rows: ['pmd.neg.preference'] },
  'pmd-reads-first-offer-only': { sentence: 'does not look past a bad offer', rows: ['pmd.neg.fallback-bad-first'] },
  'pmd-refuses-request-with-bad-offer': {
    sentence: 'refuses the request for a bad offer',
    rows: ['pmd.neg.bad-smwb-7', 'pmd.neg.bad-unknown-param'],
  },
  'pmd-accepts-repeated-param': { sentence: 'takes a parameter twice', rows: ['pmd.neg.bad-dup-snct'] },
  'pmd-accepts-flag-with-value': {
    sentence: 'takes a value of a flag',
    rows: ['pmd.neg.bad-snct-value', 'pmd.neg.bad-cnct-value'],
  },
  'pmd-ignores-unknown-param': { sentence: 'ignores unknown parameters', rows: ['pmd.neg.bad-unknown-param'] },
  'pmd-accepts-16-bits': { sentence: 'accepts window bits 16', rows: ['pmd.neg.bad-smwb-16', 'pmd.neg.bad-cmwb-16'] },
  'pmd-accepts-leading-zero': {
    sentence: 'accepts window bits 08',
    rows: ['pmd.neg.bad-smwb-08', 'pmd.neg.bad-cmwb-08'],
  },
  'pmd-parses-bits-leniently': {
    sentence: 'parses window bits with parseInt',
    rows: ['pmd.neg.bad-smwb-decimal', 'pmd.neg.bad-smwb-plus'],
  },
  'pmd-omits-server-no-context': {
    sentence: 'accepts server_no_context_takeover without saying so',
    rows: ['pmd.neg.snct'],
  },
  'pmd-omits-server-bits': { sentence: 'accepts server_max_window_bits without saying so', rows: ['pmd.neg.smwb-9'] },
  'pmd-answers-client-bits-unasked': {
    sentence: 'answers client_max_window_bits unasked',
    rows: ['pmd.neg.no-client-bits'],
  },
  'pmd-answers-unknown-param': { sentence: 'answers a parameter nobody knows', rows: ['pmd.neg.answer-params'] },
  'pmd-answers-twice': { sentence: 'answers permessage-deflate twice', rows: ['pmd.neg.once', 'pmd.neg.plain'] },
  'reads-first-extension-field-only': { sentence: 'overlooks a second extensions field', rows: ['pmd.neg.two-fields'] },
  'pmd-inflates-plain-messages': {
    sentence: 'inflates messages without RSV1',
    rows: ['pmd.frame.rsv1-off', 'pmd.frame.mixed'],
  },
  'pmd-forgets-rsv1': { sentence: 'compresses without RSV1', rows: ['pmd.frame.rsv1-off', 'pmd.frame.server-decodes'] },
  'pmd-marks-plain-as-compressed': {
    sentence: 'sets RSV1 on messages it did not compress',
    rows: ['pmd.frame.rsv1-off', 'pmd.frame.server-decodes'],
  },
  'pmd-marks-each-fragment': {
    sentence: 'sets RSV1 on continuations',
    rows: ['pmd.frame.server-rsv1', 'inv.rsv', 'pmd.frame.rsv1-off'],
  },
  'sets-rsv1-on-pongs': { sentence: 'sets RSV1 on pongs', rows: ['pmd.frame.ping-between', 'inv.rsv'] },
  'pmd-compresses-without-agreement': {
    sentence: 'compresses where nothing was agreed',
    rows: ['inv.rsv', 'len.text-125'],
  },
  'pmd-sends-tail': {
    sentence: 'sends the tail 00 00 FF FF',
    rows: ['pmd.frame.server-decodes', 'pmd.frame.rsv1-off'],
  },
  'pmd-forgets-window': {
    sentence: 'begins each message with an empty window',
    rows: ['pmd.data.rfc-window', 'pmd.data.distance-32768-across'],
  },
  'pmd-loses-window-after-bfinal': { sentence: 'loses the window after BFINAL', rows: ['pmd.data.bfinal-then-window'] },
  'pmd-stops-at-bfinal': { sentence: 'drops what follows BFINAL in a message', rows: ['pmd.data.bfinal-middle'] },
  'pmd-forgets-window-at-plain-message': {
    sentence: 'forgets the window at a plain message',
    rows: ['pmd.data.window-plain-between'],
  },
  'pmd-keeps-half-the-window': { sentence: 'keeps 16 KiB of the window', rows: ['pmd.data.distance-32768-across'] },
  'pmd-takes-hint-for-agreed': {
    sentence: 'takes the client_no_context_takeover it did not answer for agreed',
    rows: ['pmd.data.window-after-hint'],
  },
  'pmd-keeps-window-against-agreement': {
    sentence: 'refers back in spite of server_no_context_takeover',
    rows: ['pmd.data.server-fresh'],
  },
  'pmd-ignores-window-bits': {
    sentence: 'refers back beyond the agreed window',
    rows: ['pmd.data.server-window-9', 'pmd.data.server-window-8'],
  },
  'pmd-takes-broken-data-for-empty': {
    sentence: 'takes broken compressed data for an empty message',
    rows: ['pmd.data.bad-btype3', 'pmd.data.bad-distance'],
  },
  'pmd-checks-no-text': {
    sentence: 'does not check inflated text',
    rows: ['pmd.data.utf8-bad', 'pmd.data.utf8-bad-fragmented'],
  },
  'truncates-at-limit': { sentence: 'truncates an inflated message at the limit', rows: ['pmd.limit.bomb-100m'] },
} as const satisfies Record<string, Defect>
