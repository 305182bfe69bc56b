import type { Defect } from './defect.ts'

/** Defects of the opening handshake (RFC 6455 §4). */
export const handshake = {
  'head-without-limit': {
    sentence: 'accepts a head of any size and waits for its end',
    cases: ['hs.limit.endless-line'],
  },
  'head-in-one-segment': {
    sentence: 'refuses a head that comes in two segments',
    cases: ['hs.ok.dribble', 'hs.ok.split-crlf'],
  },
  'answers-key-with-nul': {
    sentence: 'accepts NUL in fields and makes its answer from it',
    cases: ['hs.syntax.nul-key'],
  },
  'skips-lines-without-colon': { sentence: 'skips field lines without a colon', cases: ['hs.syntax.no-colon'] },
  'accepts-blank-before-colon': {
    sentence: 'accepts a space before the colon',
    cases: ['hs.syntax.space-before-colon'],
  },
  'accepts-blank-before-last-colon': {
    sentence: 'accepts a space before the colon of the last field',
    cases: ['hs.syntax.space-before-colon'],
  },
  'accepts-any-field-name': {
    sentence: 'accepts field names that are not tokens',
    cases: ['hs.syntax.empty-name', 'hs.syntax.space-in-name'],
  },
  'knows-capitalised-names-only': { sentence: 'does not know field names in lower case', cases: ['hs.ok.names-lower'] },
  'keeps-blanks-around-values': { sentence: 'does not trim field values', cases: ['hs.ok.key-ows', 'hs.ok.ows-tab'] },
  'accepts-malformed-version': { sentence: 'reads HTTP/1.1x as HTTP/1.1', cases: ['hs.version.garbage'] },
  'accepts-http-1.0': { sentence: 'upgrades an HTTP/1.0 request', cases: ['hs.version.http10'] },
  'accepts-post': { sentence: 'upgrades a POST', cases: ['hs.method.post'] },
  'accepts-method-in-lower-case': { sentence: 'upgrades a `get`', cases: ['hs.method.lower'] },
  'answers-head-with-body': { sentence: 'sends content in the answer to HEAD', cases: ['hs.method.head'] },
  'refuses-with-200': { sentence: 'refuses with status 200', cases: ['hs.key.missing', 'hs.ver.missing'] },
  'refuses-absolute-form': { sentence: 'refuses a target in absolute form', cases: ['hs.ok.absolute-form'] },
  'accepts-fragment-in-target': { sentence: 'accepts a fragment in the target', cases: ['hs.target.fragment'] },
  'accepts-missing-host': { sentence: 'upgrades a request without Host', cases: ['hs.host.missing'] },
  'accepts-two-hosts': {
    sentence: 'upgrades a request with two Hosts',
    cases: ['hs.host.duplicate-same', 'hs.host.duplicate-other'],
  },
  'accepts-any-host': { sentence: 'accepts any text as a host', cases: ['hs.host.bad-chars', 'hs.host.bad-port'] },
  'ignores-body': {
    sentence: 'reads the body of the request as frames',
    cases: ['hs.syntax.body-length', 'hs.syntax.te-and-cl'],
  },
  'answers-smuggled-request': {
    sentence: 'reads the body of a refused request as the next request',
    cases: ['hs.syntax.te-and-cl', 'hs.syntax.body-length'],
  },
  'upgrade-by-substring': {
    sentence: 'looks for `websocket` anywhere in Upgrade',
    cases: ['hs.upgrade.prefix', 'hs.upgrade.suffix'],
  },
  'upgrade-with-case': { sentence: 'compares Upgrade with case', cases: ['hs.ok.upgrade-case'] },
  'connection-by-substring': {
    sentence: 'looks for `upgrade` anywhere in Connection',
    cases: ['hs.connection.prefix', 'hs.connection.suffix'],
  },
  'connection-as-a-whole': { sentence: 'does not read Connection as a list', cases: ['hs.ok.connection-list'] },
  'accepts-any-version': { sentence: 'upgrades every Sec-WebSocket-Version', cases: ['hs.ver.v14', 'hs.ver.missing'] },
  'parses-version-as-number': { sentence: 'reads `013` as 13', cases: ['hs.ver.leading-zero', 'hs.ver.decimal'] },
  'reads-first-version-only': { sentence: 'overlooks a second Sec-WebSocket-Version', cases: ['hs.ver.duplicate-13'] },
  'refuses-version-without-13': {
    sentence: 'does not say which version it speaks',
    cases: ['hs.ver.v14', 'hs.ver.list-contains-13'],
  },
  'accepts-missing-key': { sentence: 'upgrades without Sec-WebSocket-Key', cases: ['hs.key.missing'] },
  'accepts-two-keys': {
    sentence: 'accepts the first of two keys',
    cases: ['hs.key.duplicate-same', 'hs.key.duplicate-other'],
  },
  'accepts-any-key': { sentence: 'accepts any text as a key', cases: ['hs.key.len-15', 'hs.key.not-base64'] },
  'accept-without-plus': { sentence: 'computes a wrong Accept for a key with `+`', cases: ['hs.ok.accept-random'] },
  'accept-in-hex': { sentence: 'writes the Accept in hex', cases: ['hs.resp.accept', 'hs.ok.accept-vector'] },
  'echoes-all-subprotocols': { sentence: 'agrees to the whole list of subprotocols', cases: ['hs.proto.unknown-list'] },
  'answers-subprotocol-unasked': { sentence: 'names a subprotocol nobody asked for', cases: ['hs.resp.no-protocol'] },
  'looks-subprotocol-up-in-object': {
    sentence: 'knows the subprotocol `constructor`',
    cases: ['hs.proto.reserved-words'],
  },
  'compares-subprotocol-without-case': {
    sentence: 'answers a subprotocol in another case than asked',
    cases: ['hs.proto.case'],
  },
  'answers-empty-subprotocol': { sentence: 'answers an empty subprotocol', cases: ['hs.proto.empty'] },
  'answers-unknown-extension': { sentence: 'agrees to an extension it does not know', cases: ['hs.ext.unknown'] },
  'answers-extension-unasked': {
    sentence: 'names permessage-deflate without an offer',
    cases: ['hs.resp.no-extension'],
  },
  'splits-extensions-naively': {
    sentence: 'splits extensions without regard to quotes',
    cases: ['hs.ext.quoted-list', 'hs.ext.bad-open-quote'],
  },
  '101-without-upgrade': { sentence: 'leaves Upgrade out of the 101', cases: ['hs.resp.upgrade'] },
  '101-without-connection': { sentence: 'leaves Connection out of the 101', cases: ['hs.resp.connection'] },
  '101-with-accept-twice': { sentence: 'repeats Sec-WebSocket-Accept', cases: ['hs.resp.accept-once'] },
  '101-with-content-length': { sentence: 'puts Content-Length into the 101', cases: ['hs.resp.no-body-fields'] },
  '101-with-stray-byte': { sentence: 'sends stray bytes after the 101', cases: ['hs.resp.nothing-extra'] },
  '101-with-bare-lf': { sentence: 'ends the lines of the 101 with LF', cases: ['hs.resp.syntax'] },
  '101-as-http-1.0': { sentence: 'answers in HTTP/1.0', cases: ['hs.resp.status-line', 'hs.ok.minimal'] },
  'serves-one-request-only': {
    sentence: 'refuses an upgrade that follows a plain GET on a keep-alive connection',
    cases: ['hs.ok.keepalive-first'],
  },
  'keeps-half-requests': { sentence: 'does not end when FIN cuts a request', cases: ['hs.limit.fin-half'] },
  'counts-abandoned-for-ever': {
    sentence: 'stops listening after 400 abandoned handshakes',
    cases: ['hs.limit.abandon-500'],
  },
  'dies-of-a-bad-request': { sentence: 'stops listening after a refused request', cases: ['hs.syntax.binary-garbage'] },
  'dies-of-a-reset': {
    sentence: 'stops listening after a reset',
    cases: ['close.rst-open', 'hs.limit.rst-full', 'close.rst-during-echo'],
  },
} as const satisfies Record<string, Defect>
