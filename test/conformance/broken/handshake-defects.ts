import type { Defect } from './defect.ts'

/** Defects of the opening handshake (RFC 6455 §4). */
export const handshake = {
  'head-without-limit': {
    sentence: 'takes a head of any size and waits for its end',
    rows: ['hs.limit.endless-line'],
  },
  'head-in-one-segment': {
    sentence: 'refuses a head that comes in two segments',
    rows: ['hs.ok.dribble', 'hs.ok.split-crlf'],
  },
  'accepts-control-bytes': {
    sentence: 'takes NUL and other control bytes in fields',
    rows: ['hs.syntax.nul-value', 'hs.syntax.bare-cr'],
  },
  'skips-lines-without-colon': { sentence: 'skips field lines without a colon', rows: ['hs.syntax.no-colon'] },
  'accepts-blank-before-colon': { sentence: 'takes a blank before the colon', rows: ['hs.syntax.space-before-colon'] },
  'accepts-any-field-name': {
    sentence: 'takes names that are no tokens',
    rows: ['hs.syntax.empty-name', 'hs.syntax.space-in-name'],
  },
  'knows-capitalised-names-only': { sentence: 'does not know field names in lower case', rows: ['hs.ok.names-lower'] },
  'keeps-blanks-around-values': { sentence: 'does not trim field values', rows: ['hs.ok.key-ows', 'hs.ok.ows-tab'] },
  'accepts-malformed-version': { sentence: 'takes HTTP/1.1x for HTTP/1.1', rows: ['hs.version.garbage'] },
  'accepts-http-1.0': { sentence: 'upgrades an HTTP/1.0 request', rows: ['hs.version.http10'] },
  'accepts-post': { sentence: 'upgrades a POST', rows: ['hs.method.post'] },
  'accepts-method-in-lower-case': { sentence: 'upgrades a `get`', rows: ['hs.method.lower'] },
  'refuses-with-200': { sentence: 'refuses with status 200', rows: ['hs.method.post', 'hs.key.missing'] },
  'refuses-absolute-form': { sentence: 'refuses a target in absolute form', rows: ['hs.ok.absolute-form'] },
  'accepts-fragment-in-target': { sentence: 'takes a fragment in the target', rows: ['hs.target.fragment'] },
  'accepts-missing-host': { sentence: 'upgrades a request without Host', rows: ['hs.host.missing'] },
  'accepts-two-hosts': {
    sentence: 'upgrades a request with two Hosts',
    rows: ['hs.host.duplicate-same', 'hs.host.duplicate-other'],
  },
  'accepts-any-host': { sentence: 'takes any text for a host', rows: ['hs.host.bad-chars', 'hs.host.bad-port'] },
  'ignores-body': {
    sentence: 'takes the body of the request for frames',
    rows: ['hs.syntax.body-length', 'hs.syntax.te-and-cl'],
  },
  'answers-smuggled-request': {
    sentence: 'reads the body of a refused request as the next request',
    rows: ['hs.syntax.te-and-cl', 'hs.syntax.body-length'],
  },
  'upgrade-by-substring': {
    sentence: 'looks for `websocket` anywhere in Upgrade',
    rows: ['hs.upgrade.prefix', 'hs.upgrade.suffix'],
  },
  'upgrade-with-case': { sentence: 'compares Upgrade with case', rows: ['hs.ok.upgrade-case'] },
  'connection-by-substring': {
    sentence: 'looks for `upgrade` anywhere in Connection',
    rows: ['hs.connection.prefix', 'hs.connection.suffix'],
  },
  'connection-as-a-whole': { sentence: 'does not read Connection as a list', rows: ['hs.ok.connection-list'] },
  'accepts-any-version': { sentence: 'upgrades every Sec-WebSocket-Version', rows: ['hs.ver.v14', 'hs.ver.missing'] },
  'parses-version-as-number': { sentence: 'takes `013` for 13', rows: ['hs.ver.leading-zero', 'hs.ver.decimal'] },
  'reads-first-version-only': { sentence: 'overlooks a second Sec-WebSocket-Version', rows: ['hs.ver.duplicate-13'] },
  'refuses-version-without-13': {
    sentence: 'does not say which version it speaks',
    rows: ['hs.ver.v14', 'hs.ver.list-contains-13'],
  },
  'refuses-version-with-400': { sentence: 'refuses other versions with 400', rows: ['hs.ver.status-426'] },
  'accepts-missing-key': { sentence: 'upgrades without Sec-WebSocket-Key', rows: ['hs.key.missing'] },
  'accepts-two-keys': {
    sentence: 'takes the first of two keys',
    rows: ['hs.key.duplicate-same', 'hs.key.duplicate-other'],
  },
  'accepts-any-key': { sentence: 'takes any text for a key', rows: ['hs.key.len-15', 'hs.key.not-base64'] },
  'accept-without-plus': { sentence: 'computes a wrong Accept for a key with `+`', rows: ['hs.ok.accept-random'] },
  'accept-in-hex': { sentence: 'writes the Accept in hex', rows: ['hs.resp.accept', 'hs.ok.accept-vector'] },
  'echoes-all-subprotocols': { sentence: 'agrees to the whole list of subprotocols', rows: ['hs.proto.unknown-list'] },
  'answers-subprotocol-unasked': { sentence: 'names a subprotocol nobody asked for', rows: ['hs.resp.no-protocol'] },
  'looks-subprotocol-up-in-object': {
    sentence: 'knows the subprotocol `constructor`',
    rows: ['hs.proto.reserved-words'],
  },
  'compares-subprotocol-without-case': {
    sentence: 'answers a subprotocol in another case than asked',
    rows: ['hs.proto.case'],
  },
  'answers-empty-subprotocol': { sentence: 'answers an empty subprotocol', rows: ['hs.proto.empty'] },
  'answers-unknown-extension': { sentence: 'agrees to an extension it does not know', rows: ['hs.ext.unknown'] },
  'answers-extension-unasked': {
    sentence: 'names permessage-deflate without an offer',
    rows: ['hs.resp.no-extension'],
  },
  'splits-extensions-naively': {
    sentence: 'splits extensions without regard to quotes',
    rows: ['hs.ext.quoted-list', 'hs.ext.bad-open-quote'],
  },
  '101-without-upgrade': { sentence: 'leaves Upgrade out of the 101', rows: ['hs.resp.upgrade'] },
  '101-without-connection': { sentence: 'leaves Connection out of the 101', rows: ['hs.resp.connection'] },
  '101-with-accept-twice': { sentence: 'repeats Sec-WebSocket-Accept', rows: ['hs.resp.accept-once'] },
  '101-with-content-length': { sentence: 'puts Content-Length into the 101', rows: ['hs.resp.no-body-fields'] },
  '101-with-stray-byte': { sentence: 'sends stray bytes after the 101', rows: ['hs.resp.nothing-extra'] },
  '101-with-bare-lf': { sentence: 'ends the lines of the 101 with LF', rows: ['hs.resp.syntax'] },
  '101-as-http-1.0': { sentence: 'answers in HTTP/1.0', rows: ['hs.resp.status-line', 'hs.ok.minimal'] },
  'serves-one-request-only': {
    sentence: 'refuses the upgrade after a plain GET it kept the connection for',
    rows: ['hs.ok.keepalive-first'],
  },
  'keeps-half-requests': { sentence: 'does not end when FIN cuts a request', rows: ['hs.limit.fin-half'] },
  'counts-abandoned-for-ever': {
    sentence: 'stops listening after 400 abandoned handshakes',
    rows: ['hs.limit.abandon-500'],
  },
  'dies-of-a-bad-request': { sentence: 'stops listening after a refused request', rows: ['hs.syntax.binary-garbage'] },
  'dies-of-a-reset': {
    sentence: 'stops listening after a reset',
    rows: ['close.rst-open', 'hs.limit.rst-full', 'close.rst-during-echo'],
  },
} as const satisfies Record<string, Defect>
