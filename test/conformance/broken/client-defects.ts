import type { Defect } from './defect.ts'

const request = {
  'sends-post': { sentence: 'asks with POST', rows: ['client.req.line'] },
  'sends-no-host': { sentence: 'sends no Host', rows: ['client.req.host'] },
  'ends-lines-with-lf': { sentence: 'ends the lines of its request with LF', rows: ['client.req.syntax'] },
  'asks-for-h2c': { sentence: 'asks for an upgrade to h2c', rows: ['client.req.upgrade'] },
  'asks-for-keep-alive': { sentence: 'sends Connection: keep-alive', rows: ['client.req.connection'] },
  'sends-short-key': { sentence: 'sends a key of 15 bytes', rows: ['client.req.key'] },
  'sends-constant-key': { sentence: 'sends the same key each time', rows: ['client.req.key-fresh'] },
  'speaks-version-8': { sentence: 'sends version 8', rows: ['client.req.version'] },
  'asks-for-subprotocol-twice': { sentence: 'asks for a subprotocol twice', rows: ['client.req.protocol'] },
  'offers-16-bits': { sentence: 'offers window bits 16', rows: ['client.req.extensions'] },
  'sends-before-answer': { sentence: 'sends a frame before the answer', rows: ['client.req.waits'] },
  'sends-fragment': { sentence: 'sends the fragment of the URI', rows: ['client.req.fragment'] },
} as const satisfies Record<string, Defect>

const answer = {
  'knows-capitalised-names-only': {
    sentence: 'does not know field names in lower case',
    rows: ['client.resp.names-case'],
  },
  'keeps-blanks-around-values': { sentence: 'does not trim field values', rows: ['client.resp.accept-ows'] },
  'head-in-one-segment': { sentence: 'refuses a 101 that comes in two segments', rows: ['client.resp.dribble'] },
  'head-without-limit': { sentence: 'takes a head of any size', rows: ['client.resp.huge'] },
  'accepts-any-status': { sentence: 'takes 200 for 101', rows: ['client.resp.status-200', 'client.resp.status-xxx'] },
  'accepts-http-1.0': { sentence: 'takes an HTTP/1.0 101', rows: ['client.resp.http10'] },
  'accepts-any-upgrade': {
    sentence: 'does not look at Upgrade',
    rows: ['client.resp.no-upgrade', 'client.resp.bad-upgrade'],
  },
  'accepts-any-connection': {
    sentence: 'does not look at Connection',
    rows: ['client.resp.no-connection', 'client.resp.bad-connection'],
  },
  'accepts-missing-accept': { sentence: 'opens without an Accept', rows: ['client.resp.no-accept'] },
  'accepts-any-accept': { sentence: 'accepts a wrong Accept', rows: ['client.resp.bad-accept'] },
  'compares-accept-without-case': { sentence: 'compares the Accept without case', rows: ['client.resp.bad-accept'] },
  'accepts-two-accepts': { sentence: 'takes the first of two Accepts', rows: ['client.resp.two-accept'] },
  'accepts-unoffered-extension': {
    sentence: 'accepts an extension it did not offer',
    rows: ['client.resp.ext-unasked'],
  },
  'takes-first-of-two-extensions': { sentence: 'takes permessage-deflate twice', rows: ['client.resp.pmd-two'] },
  'reads-no-extensions': {
    sentence: 'does not read the extensions field',
    rows: ['client.resp.ext-malformed', 'client.resp.pmd-bad'],
  },
  'accepts-unasked-subprotocol': {
    sentence: 'accepts a subprotocol it did not ask for',
    rows: ['client.resp.proto-unasked'],
  },
  'pmd-accepts-16-bits': { sentence: 'accepts window bits 16', rows: ['client.resp.pmd-bad'] },
  'pmd-ignores-unknown-param': { sentence: 'ignores unknown parameters', rows: ['client.resp.pmd-bad'] },
  'loses-frames-with-answer': { sentence: 'loses frames that come with the 101', rows: ['client.resp.frame-with-101'] },
} as const satisfies Record<string, Defect>

const frames = {
  'accepts-masked': {
    sentence: 'accepts masked frames',
    rows: ['client.frame.masked-text', 'client.frame.masked-ping'],
  },
  'masks-nothing': { sentence: 'does not mask', rows: ['client.frame.sends-masked'] },
  'masks-with-zero-key': { sentence: 'masks with the key 00000000', rows: ['client.frame.keys-fresh'] },
  'masks-with-constant-key': { sentence: 'masks with one key', rows: ['client.frame.keys-fresh'] },
  'masks-with-counter': { sentence: 'counts its masking keys', rows: ['client.frame.keys-fresh'] },
  'sends-longer-length-form': { sentence: 'writes short lengths in 16 bits', rows: ['client.frame.length-form'] },
  'ignores-top-bit-of-length': { sentence: 'ignores the top bit of a 64-bit length', rows: ['client.frame.msb'] },
  'accepts-longer-length-form': {
    sentence: 'takes longer length forms than needed',
    rows: ['client.frame.long-forms'],
  },
  'ignores-rsv': { sentence: 'ignores the reserved bits', rows: ['client.frame.rsv'] },
  'ignores-rsv-on-control': {
    sentence: 'ignores reserved bits of control frames',
    rows: ['client.frame.pmd-rsv1-misuse', 'client.frame.rsv'],
  },
  'answers-first-ping-only': { sentence: 'answers the first ping only', rows: ['client.frame.ping-flood'] },
  'pmd-forgets-window': { sentence: 'begins each message with an empty window', rows: ['client.frame.pmd-window'] },
  'pmd-ignores-window-bits': {
    sentence: 'refers back beyond the agreed window',
    rows: ['client.frame.pmd-agreed-window'],
  },
  'pmd-keeps-window-against-agreement': {
    sentence: 'refers back in spite of client_no_context_takeover',
    rows: ['client.resp.pmd-cnct'],
  },
  'pmd-compresses-without-agreement': {
    sentence: 'compresses though the offer was declined',
    rows: ['client.resp.pmd-declined'],
  },
  'truncates-at-limit': { sentence: 'truncates an inflated message at the limit', rows: ['client.frame.bomb'] },
} as const satisfies Record<string, Defect>

const closing = {
  'drops-tcp-without-close-reply': { sentence: 'drops TCP without a Close', rows: ['client.close.reply'] },
  'swaps-bytes-of-close-code': { sentence: 'swaps the bytes of the code it echoes', rows: ['client.close.reply'] },
  'ends-tcp-before-server': { sentence: 'ends TCP before the server does', rows: ['client.close.waits-for-server'] },
  'never-ends-tcp': { sentence: 'never ends TCP', rows: ['client.close.gives-up'] },
  'accepts-any-close-code': { sentence: 'takes any close code', rows: ['client.close.codes-rx'] },
  'ends-tcp-with-its-close': {
    sentence: 'does not wait for the reply to its Close',
    rows: ['client.close.client-initiated'],
  },
  'echoes-after-its-close': { sentence: 'goes on sending after its Close', rows: ['client.close.data-before-reply'] },
  'closes-unprompted': { sentence: 'closes by itself', rows: ['client.close.no-unprompted', 'client.resp.ok'] },
} as const satisfies Record<string, Defect>

const autobahn = {
  'echoes-text-as-binary': { sentence: 'echoes with the wrong type', rows: ['client.len.text-125'] },
  'answers-no-ping': { sentence: 'never answers a ping', rows: ['client.ping.empty'] },
  'ignores-rsv3': { sentence: 'ignores RSV3', rows: ['client.rsv.text-rsv3', 'client.frame.rsv'] },
  'skips-reserved-opcodes': { sentence: 'skips frames with reserved opcodes', rows: ['client.op.3-empty'] },
  'accepts-orphan-continuation': {
    sentence: 'takes a continuation of nothing for a text',
    rows: ['client.frag.orphan-fin1'],
  },
  'checks-no-text': { sentence: 'does not check text', rows: ['client.utf8.ab-12-1'] },
  'checks-no-reason': { sentence: 'does not check that the reason is UTF-8', rows: ['client.close.reason-bad-utf8'] },
} as const satisfies Record<string, Defect>

/** Every defect of the client: what it does, and the rows of which one has to notice it. */
export const clientDefects = {
  ...request,
  ...answer,
  ...frames,
  ...closing,
  ...autobahn,
} as const satisfies Record<string, Defect>
