import type { Defect } from './defect.ts'

/** Defects in reading frames: lengths, masks, bits, opcodes, control frames (RFC 6455 §5). */
export const frames = {
  'sends-longer-length-form': {
    sentence: 'writes short lengths in 16 bits',
    cases: ['len.echo-form-125', 'inv.shortest-length'],
  },
  'accepts-longer-length-form': {
    sentence: 'accepts longer length forms than needed',
    cases: ['len.long16-1', 'len.long64-5'],
  },
  'ignores-top-bit-of-length': {
    sentence: 'ignores the top bit of a 64-bit length',
    cases: ['len.msb-8000000000010000'],
  },
  'cuts-length-to-32-bit': { sentence: 'reads only 32 bits of a 64-bit length', cases: ['len.huge-4g+5'] },
  'flips-a-byte-past-64k': {
    sentence: 'flips a byte past 64 KiB',
    cases: ['len.binary-random-131072', 'len.binary-random-65537'],
  },
  'cuts-echo-at-65535': { sentence: 'cuts the echo at 65,535 bytes', cases: ['len.text-65536'] },
  'loses-header-cut-by-segment': {
    sentence: 'loses a header that comes in two segments',
    cases: ['len.header-splits', 'len.header-dribble', 'ping.125-octets', 'hs.ok.frame-in-100-pieces', 'close.octets'],
  },
  'reads-one-frame-per-segment': {
    sentence: 'reads one frame of a segment',
    cases: ['len.two-in-one', 'len.hundred-in-one'],
  },
  'accepts-unmasked': { sentence: 'accepts unmasked frames', cases: ['mask.unmasked-text'] },
  'accepts-unmasked-control': {
    sentence: 'accepts unmasked control frames',
    cases: ['mask.unmasked-ping', 'mask.unmasked-close'],
  },
  'masks-its-own': { sentence: 'masks its own frames', cases: ['mask.server-never', 'inv.not-masked', 'len.text-125'] },
  'keeps-first-mask-key': {
    sentence: 'unmasks every frame with the first key',
    cases: ['mask.phase-restarts', 'mask.alignment'],
  },
  'restarts-mask-per-segment': {
    sentence: 'begins anew with the key in each segment',
    cases: ['mask.phase-across-segments'],
  },
  'unmasks-whole-words-only': {
    sentence: 'leaves the last bytes masked when they are no whole word',
    cases: ['mask.alignment'],
  },
  'refuses-zero-mask-key': { sentence: 'refuses the key 00000000', cases: ['mask.key-zero'] },
  'leaves-control-masked': {
    sentence: 'does not unmask control frames',
    cases: ['mask.ping-payload', 'mask.close-payload'],
  },
  'ignores-rsv': { sentence: 'ignores the reserved bits', cases: ['rsv.text-rsv3', 'rsv.text-rsv2'] },
  'ignores-rsv1': {
    sentence: 'ignores RSV1 where nothing was agreed',
    cases: ['rsv.text-rsv1', 'pmd.frame.not-negotiated'],
  },
  'ignores-rsv3': { sentence: 'ignores RSV3', cases: ['rsv.binary-rsv3'] },
  'ignores-rsv-on-control': {
    sentence: 'ignores reserved bits of control frames',
    cases: ['rsv.ping-rsv2', 'rsv.close-rsv1'],
  },
  'ignores-rsv-on-continuation': {
    sentence: 'ignores reserved bits of continuations',
    cases: ['rsv.continuation-rsv3'],
  },
  'skips-reserved-opcodes': { sentence: 'skips frames with reserved opcodes', cases: ['op.3-empty', 'op.11-empty'] },
  'skips-reserved-control': { sentence: 'skips reserved control frames', cases: ['op.12-data', 'op.15-octets'] },
  'takes-reserved-for-binary': { sentence: 'echoes frames with reserved opcodes', cases: ['op.12-data', 'op.4-data'] },
  'accepts-long-control': {
    sentence: 'accepts control frames above 125 bytes',
    cases: ['ctl.ping-126', 'close.reason-124'],
  },
  'ignores-fin-on-control': {
    sentence: 'ignores FIN 0 on control frames',
    cases: ['ctl.ping-fragmented', 'ctl.close-nofin-alone'],
  },
  'answers-no-ping': { sentence: 'never answers a ping', cases: ['ping.empty'] },
  'answers-ping-without-data': { sentence: 'answers pings without their data', cases: ['ping.text'] },
  'answers-ping-with-ping': { sentence: 'answers a ping with a ping', cases: ['ping.text'] },
  'answers-ping-in-utf8': { sentence: 'decodes ping data as text', cases: ['ping.binary'] },
  'answers-first-ping-only': { sentence: 'answers the first ping only', cases: ['ping.order', 'ping.ten'] },
  'answers-pings-between-messages-only': {
    sentence: 'answers pings only between messages',
    cases: ['frag.ping-between', 'frag.5-with-pings'],
  },
  'cuts-pong-at-64': { sentence: 'cuts the data of a pong at 64 bytes', cases: ['ping.125', 'ping.len-124'] },
} as const satisfies Record<string, Defect>
