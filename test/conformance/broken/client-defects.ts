import type { Defect } from './defect.ts'

const request = {
  'sends-post': { sentence: 'asks with POST', cases: ['client.req.line'] },
  'sends-no-host': { sentence: 'sends no Host', cases: ['client.req.host'] },
  'ends-lines-with-lf': { sentence: 'ends the lines of its request with LF', cases: ['client.req.syntax'] },
  'asks-for-h2c': { sentence: 'asks for an upgrade to h2c', cases: ['client.req.upgrade'] },
  'asks-for-keep-alive': { sentence: 'sends Connection: keep-alive', cases: ['client.req.connection'] },
  'sends-short-key': { sentence: 'sends a key of 15 bytes', cases: ['client.req.key'] },
  'sends-constant-key': { sentence: 'sends the same key each time', cases: ['client.req.key-fresh'] },
  'speaks-version-8': { sentence: 'sends version 8', cases: ['client.req.version'] },
  'asks-for-subprotocol-twice': { sentence: 'asks for a subprotocol twice', cases: ['client.req.protocol'] },
  'offers-16-bits': { sentence: 'offers window bits 16', cases: ['client.req.extensions'] },
  'sends-before-answer': { sentence: 'sends a frame before the answer', cases: ['client.req.waits'] },
  'sends-fragment': { sentence: 'sends the fragment of the URI', cases: ['client.req.fragment'] },
} as const satisfies Record<string, Defect>

const answer = {
  'knows-capitalised-names-only': {
    sentence: 'does not know field names in lower case',
    cases: ['client.resp.names-case'],
  },
  'keeps-blanks-around-values': { sentence: 'does not trim field values', cases: ['client.resp.accept-ows'] },
  'head-in-one-segment': { sentence: 'refuses a 101 that comes in two segments', cases: ['client.resp.dribble'] },
  'head-without-limit': { sentence: 'accepts a head of any size', cases: ['client.resp.huge'] },
  'accepts-any-status': {
    sentence: 'accepts 200 as if it were 101',
    cases: ['client.resp.status-200', 'client.resp.status-xxx'],
  },
  'accepts-any-upgrade': {
    sentence: 'does not look at Upgrade',
    cases: ['client.resp.no-upgrade', 'client.resp.bad-upgrade'],
  },
  'accepts-any-connection': {
    sentence: 'does not look at Connection',
    cases: ['client.resp.no-connection', 'client.resp.bad-connection'],
  },
  'accepts-missing-accept': { sentence: 'opens without an Accept', cases: ['client.resp.no-accept'] },
  'accepts-any-accept': { sentence: 'accepts a wrong Accept', cases: ['client.resp.bad-accept'] },
  'compares-accept-without-case': { sentence: 'compares the Accept without case', cases: ['client.resp.bad-accept'] },
  'accepts-two-accepts': { sentence: 'accepts the first of two Accepts', cases: ['client.resp.two-accept'] },
  'accepts-unoffered-extension': {
    sentence: 'accepts an extension it did not offer',
    cases: ['client.resp.ext-unasked'],
  },
  'takes-first-of-two-extensions': { sentence: 'accepts permessage-deflate twice', cases: ['client.resp.pmd-two'] },
  'reads-no-extensions': {
    sentence: 'does not read the extensions field',
    cases: ['client.resp.ext-malformed', 'client.resp.pmd-bad'],
  },
  'accepts-unasked-subprotocol': {
    sentence: 'accepts a subprotocol it did not ask for',
    cases: ['client.resp.proto-unasked'],
  },
  'pmd-accepts-16-bits': { sentence: 'accepts window bits 16', cases: ['client.resp.pmd-bad'] },
  'pmd-ignores-unknown-param': { sentence: 'ignores unknown parameters', cases: ['client.resp.pmd-bad'] },
  'loses-frames-with-answer': {
    sentence: 'loses frames that come with the 101',
    cases: ['client.resp.frame-with-101'],
  },
} as const satisfies Record<string, Defect>

const frames = {
  'accepts-masked': {
    sentence: 'accepts masked frames',
    cases: ['client.frame.masked-text', 'client.frame.masked-ping'],
  },
  'masks-nothing': { sentence: 'does not mask', cases: ['client.frame.sends-masked'] },
  'masks-with-zero-key': { sentence: 'masks with the key 00000000', cases: ['client.frame.keys-fresh'] },
  'masks-with-constant-key': { sentence: 'masks with one key', cases: ['client.frame.keys-fresh'] },
  'masks-with-counter': { sentence: 'counts its masking keys', cases: ['client.frame.keys-fresh'] },
  'sends-longer-length-form': { sentence: 'writes short lengths in 16 bits', cases: ['client.frame.length-form'] },
  'ignores-top-bit-of-length': { sentence: 'ignores the top bit of a 64-bit length', cases: ['client.frame.msb'] },
  'accepts-longer-length-form': {
    sentence: 'accepts longer length forms than needed',
    cases: ['client.frame.long-forms'],
  },
  'ignores-rsv': { sentence: 'ignores the reserved bits', cases: ['client.frame.rsv'] },
  'ignores-rsv-on-control': {
    sentence: 'ignores reserved bits of control frames',
    cases: ['client.frame.pmd-rsv1-misuse', 'client.frame.rsv'],
  },
  'answers-first-ping-only': { sentence: 'answers the first ping only', cases: ['client.frame.ping-flood'] },
  'pmd-forgets-window': { sentence: 'begins each message with an empty window', cases: ['client.frame.pmd-window'] },
  'pmd-ignores-window-bits': {
    sentence: 'refers back beyond the agreed window',
    cases: ['client.frame.pmd-agreed-window'],
  },
  'pmd-keeps-window-against-agreement': {
    sentence: 'refers back in spite of client_no_context_takeover',
    cases: ['client.resp.pmd-cnct'],
  },
  'pmd-compresses-without-agreement': {
    sentence: 'compresses though the offer was declined',
    cases: ['client.resp.pmd-declined'],
  },
  'truncates-at-limit': { sentence: 'truncates an inflated message at the limit', cases: ['client.frame.bomb'] },
} as const satisfies Record<string, Defect>

const closing = {
  'drops-tcp-without-close-reply': { sentence: 'drops TCP without a Close', cases: ['client.close.reply'] },
  'swaps-bytes-of-close-code': { sentence: 'swaps the bytes of the code it echoes', cases: ['client.close.reply'] },
  'ends-tcp-before-server': { sentence: 'ends TCP before the server does', cases: ['client.close.waits-for-server'] },
  'accepts-any-close-code': { sentence: 'accepts any close code', cases: ['client.close.codes-rx'] },
  'ends-tcp-with-its-close': {
    sentence: 'does not wait for the reply to its Close',
    cases: ['client.close.client-initiated'],
  },
  'echoes-after-its-close': { sentence: 'goes on sending after its Close', cases: ['client.close.data-before-reply'] },
  'closes-unprompted': { sentence: 'closes by itself', cases: ['client.close.no-unprompted', 'client.resp.ok'] },
} as const satisfies Record<string, Defect>

const autobahn = {
  'echoes-text-as-binary': { sentence: 'echoes with the wrong type', cases: ['client.len.text-125'] },
  'answers-no-ping': { sentence: 'never answers a ping', cases: ['client.ping.empty'] },
  'ignores-rsv3': { sentence: 'ignores RSV3', cases: ['client.rsv.text-rsv3', 'client.frame.rsv'] },
  'skips-reserved-opcodes': { sentence: 'skips frames with reserved opcodes', cases: ['client.op.3-empty'] },
  'accepts-orphan-continuation': {
    sentence: 'reads a continuation without a start as a text',
    cases: ['client.frag.orphan-fin1'],
  },
  'checks-no-text': { sentence: 'does not check text', cases: ['client.utf8.ab-12-1'] },
  'checks-no-reason': { sentence: 'does not check that the reason is UTF-8', cases: ['client.close.reason-bad-utf8'] },
} as const satisfies Record<string, Defect>

/** Every defect of the client: what the client does, and the cases of which at least one must detect it. */
export const clientDefects = {
  ...request,
  ...answer,
  ...frames,
  ...closing,
  ...autobahn,
} as const satisfies Record<string, Defect>
