import type { Defect } from './defect.ts'

/** Defects of a server over HTTP/2 (RFC 8441, RFC 9113). */
export const http2Defects = {
  'h2-announces-2': { sentence: 'announces the setting with the value 2 first', cases: ['h2.setting.value'] },
  'h2-withdraws-setting': { sentence: 'takes its setting back', cases: ['h2.setting.never-back'] },
  'h2-acknowledges-nothing': { sentence: 'does not acknowledge SETTINGS', cases: ['h2.setting.from-client'] },
  'h2-accepts-unannounced': { sentence: 'accepts extended CONNECT without announcing it', cases: ['h2.off.connect'] },
  'h2-ends-its-answer': { sentence: 'answers with END_STREAM', cases: ['h2.ok.minimal'] },
  'h2-answers-101': { sentence: 'answers with 101 before its 200', cases: ['h2.ok.status-not-101'] },
  'h2-sends-accept': { sentence: 'sends Sec-WebSocket-Accept', cases: ['h2.ok.no-key'] },
  'h2-checks-key': { sentence: 'refuses a key that is malformed', cases: ['h2.ok.key-ignored'] },
  'h2-upper-case-names': { sentence: 'writes names in upper case', cases: ['h2.ok.fields'] },
  'h2-sends-upgrade': { sentence: 'sends an Upgrade field', cases: ['h2.ok.fields'] },
  'h2-refuses-cookies': { sentence: 'refuses requests with a cookie', cases: ['h2.ok.origin-cookie'] },
  'h2-agrees-to-first': {
    sentence: 'agrees to the first subprotocol',
    cases: ['h2.ok.protocol', 'h2.ok.protocol-unknown'],
  },
  'h2-inflates-nothing': { sentence: 'agrees to a compression that it does not do', cases: ['h2.ok.pmd'] },
  'h2-knows-no-continuation': { sentence: 'does not know CONTINUATION', cases: ['h2.ok.continuation'] },
  'h2-ignores-padding': {
    sentence: 'reads padding as content',
    cases: ['h2.ok.padded-headers', 'h2.data.padded', 'h2.data.close-by-bytes'],
  },
  'h2-ignores-priority-flag': { sentence: 'reads the priority as fields', cases: ['h2.ok.padded-headers'] },
  'h2-accepts-two-pseudo-fields': {
    sentence: 'accepts a pseudo-header field twice',
    cases: ['h2.bad.protocol-twice', 'h2.bad.method-twice', 'h2.bad.path-twice'],
  },
  'h2-accepts-any-pseudo-field': {
    sentence: 'accepts unknown pseudo-header fields',
    cases: ['h2.bad.unknown-pseudo', 'h2.bad.status'],
  },
  'h2-misses-nothing': {
    sentence: 'accepts requests without a pseudo-header field',
    cases: ['h2.bad.no-method', 'h2.bad.no-scheme', 'h2.bad.no-path', 'h2.bad.no-authority'],
  },
  'h2-accepts-empty-path': { sentence: 'accepts an empty path', cases: ['h2.bad.empty-path'] },
  'h2-reads-connect-as-websocket': {
    sentence: 'reads every CONNECT as a WebSocket',
    cases: ['h2.bad.no-protocol', 'h2.bad.protocol-unknown', 'h2.bad.protocol-list', 'h2.bad.protocol-empty'],
  },
  'h2-accepts-connection-fields': {
    sentence: 'accepts connection-specific fields',
    cases: ['h2.bad.connection', 'h2.bad.upgrade', 'h2.bad.transfer-encoding', 'h2.bad.te'],
  },
  'h2-accepts-upper-case': { sentence: 'accepts names in upper case', cases: ['h2.bad.upper-name'] },
  'h2-accepts-late-pseudo-fields': {
    sentence: 'accepts a pseudo-header field behind others',
    cases: ['h2.bad.pseudo-after'],
  },
  'h2-accepts-get': { sentence: 'accepts GET with :protocol', cases: ['h2.bad.get-protocol'] },
  'h2-accepts-a-length': { sentence: 'accepts a content-length', cases: ['h2.bad.content-length'] },
  'h2-knows-every-version': { sentence: 'accepts any version', cases: ['h2.bad.version', 'h2.bad.no-version'] },
  'h2-fails-the-connection': {
    sentence: 'ends the connection for a malformed request',
    cases: ['h2.bad.connection', 'h2.bad.no-path'],
  },
  'h2-tunnels': { sentence: 'connects to what :authority names', cases: ['h2.bad.decoy'] },
  'h2-wants-whole-frames': {
    sentence: 'reads a WebSocket frame from each DATA frame alone',
    cases: ['h2.data.frame-split', 'h2.data.close-by-bytes'],
  },
  'h2-reads-20-bytes': { sentence: 'reads 20 bytes of each DATA frame', cases: ['h2.data.many-in-one'] },
  'h2-ends-at-empty-data': { sentence: 'reads an empty DATA frame as the end', cases: ['h2.data.empty-data'] },
  'h2-gives-no-credit': { sentence: 'gives no credit', cases: ['h2.data.flow-control'] },
  'h2-ignores-windows': {
    sentence: 'ignores the windows of the client',
    cases: ['h2.data.window-zero', 'h2.data.flow-control'],
  },
  'h2-shrinks-no-window': {
    sentence: 'applies a smaller initial window to new streams only',
    cases: ['h2.data.window-shrunk'],
  },
  'h2-reads-after-end': { sentence: 'reads DATA after END_STREAM', cases: ['h2.data.after-end-stream'] },
  'h2-ignores-end-stream': {
    sentence: 'ignores END_STREAM',
    cases: ['h2.data.end-inside-frame', 'h2.close.end-stream-client', 'h2.data.trailers'],
  },
  'h2-drops-last-data': {
    sentence: 'does not read the data of a DATA frame with END_STREAM',
    cases: ['h2.close.with-end-stream'],
  },
  'h2-ignores-trailers': { sentence: 'ignores trailing fields', cases: ['h2.data.trailers'] },
  'accepts-unmasked': { sentence: 'accepts unmasked frames', cases: ['h2.data.unmasked', 'h2.data.subset'] },
  'masks-its-own': { sentence: 'masks its own frames', cases: ['h2.data.server-unmasked'] },
  'h2-mixes-streams': { sentence: 'answers on the newest stream', cases: ['h2.mux.two', 'h2.mux.many'] },
  'h2-serves-eight': { sentence: 'resets every stream above the eighth', cases: ['h2.mux.many'] },
  'h2-ignores-get': { sentence: 'does not answer GET', cases: ['h2.mux.with-get'] },
  'h2-fails-together': {
    sentence: 'ends the connection when one stream fails',
    cases: ['h2.mux.fail-one', 'h2.close.rst-client', 'h2.close.rst-inside-message'],
  },
  'h2-resets-instead-of-ending': {
    sentence: 'ends streams with RST_STREAM INTERNAL_ERROR',
    cases: ['h2.close.clean', 'h2.close.rst-code'],
  },
} as const satisfies Record<string, Defect>
