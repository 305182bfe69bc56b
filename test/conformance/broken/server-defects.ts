import type { Defect } from './defect.ts'

const handshake = {
  'head-without-limit': {
    sentence: 'takes a head of any size and waits for its end',
    rows: ['hs.limit.endless-line', 'hs.limit.endless-fields'],
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

const frames = {
  'sends-longer-length-form': {
    sentence: 'writes short lengths in 16 bits',
    rows: ['len.echo-form-125', 'inv.shortest-length'],
  },
  'accepts-longer-length-form': {
    sentence: 'takes longer length forms than needed',
    rows: ['len.long16-1', 'len.long64-5'],
  },
  'ignores-top-bit-of-length': {
    sentence: 'ignores the top bit of a 64-bit length',
    rows: ['len.msb-8000000000010000'],
  },
  'cuts-length-to-32-bit': { sentence: 'keeps 32 bits of a 64-bit length', rows: ['len.huge-4g+5'] },
  'flips-a-byte-past-64k': {
    sentence: 'flips a byte past 64 KiB',
    rows: ['len.binary-random-131072', 'len.binary-random-65537'],
  },
  'cuts-echo-at-65535': { sentence: 'cuts the echo at 65,535 bytes', rows: ['len.text-65536'] },
  'loses-header-cut-by-segment': {
    sentence: 'loses a header that comes in two segments',
    rows: ['len.header-splits', 'len.header-dribble'],
  },
  'reads-one-frame-per-segment': {
    sentence: 'reads one frame of a segment',
    rows: ['len.two-in-one', 'len.hundred-in-one'],
  },
  'ignores-fin': {
    sentence: 'does not end when the client ends TCP',
    rows: ['close.fin-open', 'len.truncated-payload-fin'],
  },
  'accepts-unmasked': { sentence: 'takes unmasked frames', rows: ['mask.unmasked-text'] },
  'accepts-unmasked-control': {
    sentence: 'takes unmasked control frames',
    rows: ['mask.unmasked-ping', 'mask.unmasked-close'],
  },
  'masks-its-own': { sentence: 'masks its own frames', rows: ['mask.server-never', 'inv.not-masked', 'len.text-125'] },
  'keeps-first-mask-key': {
    sentence: 'unmasks every frame with the first key',
    rows: ['mask.phase-restarts', 'mask.alignment'],
  },
  'restarts-mask-per-segment': {
    sentence: 'begins anew with the key in each segment',
    rows: ['mask.phase-across-segments'],
  },
  'unmasks-whole-words-only': {
    sentence: 'leaves the last bytes masked when they are no whole word',
    rows: ['mask.alignment'],
  },
  'refuses-zero-mask-key': { sentence: 'refuses the key 00000000', rows: ['mask.key-zero'] },
  'leaves-control-masked': {
    sentence: 'does not unmask control frames',
    rows: ['mask.ping-payload', 'mask.close-payload'],
  },
  'ignores-rsv': { sentence: 'ignores the reserved bits', rows: ['rsv.text-rsv3', 'rsv.text-rsv2'] },
  'ignores-rsv1': {
    sentence: 'ignores RSV1 where nothing was agreed',
    rows: ['rsv.text-rsv1', 'pmd.frame.not-negotiated'],
  },
  'ignores-rsv3': { sentence: 'ignores RSV3', rows: ['rsv.binary-rsv3', 'pmd.frame.rsv3'] },
  'ignores-rsv-on-control': {
    sentence: 'ignores reserved bits of control frames',
    rows: ['rsv.ping-rsv2', 'rsv.close-rsv1'],
  },
  'ignores-rsv-on-continuation': {
    sentence: 'ignores reserved bits of continuations',
    rows: ['rsv.continuation-rsv3'],
  },
  'skips-reserved-opcodes': { sentence: 'skips frames with reserved opcodes', rows: ['op.3-empty', 'op.11-empty'] },
  'skips-reserved-control': { sentence: 'skips reserved control frames', rows: ['op.12-data', 'op.15-octets'] },
  'takes-reserved-for-binary': { sentence: 'echoes frames with reserved opcodes', rows: ['op.12-data', 'op.4-data'] },
  'accepts-long-control': {
    sentence: 'takes control frames above 125 bytes',
    rows: ['ctl.ping-126', 'close.reason-124'],
  },
  'ignores-fin-on-control': {
    sentence: 'ignores FIN 0 on control frames',
    rows: ['ctl.ping-fragmented', 'ctl.close-nofin-alone'],
  },
  'answers-no-ping': { sentence: 'never answers a ping', rows: ['ping.empty'] },
  'answers-ping-without-data': { sentence: 'answers pings without their data', rows: ['ping.text'] },
  'answers-ping-with-ping': { sentence: 'answers a ping with a ping', rows: ['ping.text'] },
  'answers-ping-in-utf8': { sentence: 'decodes ping data as text', rows: ['ping.binary'] },
  'answers-first-ping-only': { sentence: 'answers the first ping only', rows: ['ping.order', 'ping.ten'] },
  'answers-pongs': { sentence: 'answers pongs', rows: ['ping.pong-unsolicited-data', 'ping.thousand-pongs'] },
  'answers-pings-between-messages-only': {
    sentence: 'answers pings only between messages',
    rows: ['frag.ping-between', 'frag.5-with-pings'],
  },
  'cuts-pong-at-64': { sentence: 'cuts the data of a pong at 64 bytes', rows: ['ping.125', 'ping.len-124'] },
} as const satisfies Record<string, Defect>

const messages = {
  'accepts-orphan-continuation': {
    sentence: 'takes a continuation of nothing for a text',
    rows: ['frag.orphan-fin1', 'frag.orphan-empty'],
  },
  'accepts-start-inside-message': {
    sentence: 'takes a new message inside another',
    rows: ['frag.text-inside-text', 'frag.binary-inside-text'],
  },
  'leaks-control-into-message': { sentence: 'mixes ping data into the message', rows: ['frag.ping-does-not-leak'] },
  'drops-empty-last-fragment': {
    sentence: 'does not end a message with an empty fragment',
    rows: ['frag.empty-last', 'frag.empty-binary'],
  },
  'echoes-fragmented-as-text': { sentence: 'echoes fragmented binary as text', rows: ['frag.binary-2'] },
  'echoes-unfinished-message': {
    sentence: 'echoes an unfinished message at the Close',
    rows: ['frag.unfinished-close', 'close.inside-message'],
  },
  'shares-message-buffer': {
    sentence: 'gathers the messages of all connections in one buffer',
    rows: ['robust.interleave-connections', 'frag.unfinished-fin'],
  },
  'echoes-text-as-binary': { sentence: 'echoes with the wrong type', rows: ['misc.echo-type'] },
  'checks-no-text': { sentence: 'does not check text', rows: ['utf8.surrogate-one-frame', 'utf8.lead-ff'] },
  'checks-64k-of-text': { sentence: 'checks the first 64 KiB of a text', rows: ['utf8.bad-last-of-1m'] },
  'checks-text-per-frame': {
    sentence: 'checks each fragment of a text for itself',
    rows: ['utf8.split-3', 'utf8.latin-1-byte'],
  },
  'checks-binary-as-text': { sentence: 'checks binary messages as text', rows: ['utf8.binary-any'] },
  'accepts-text-cut-short': {
    sentence: 'takes text that ends inside a code point',
    rows: ['utf8.incomplete-end', 'utf8.ab-6-1'],
  },
  'accepts-overlong': { sentence: 'takes overlong forms', rows: ['utf8.ab-17-1', 'utf8.ab-18-2'] },
  'accepts-surrogates': { sentence: 'takes surrogates', rows: ['utf8.ab-20-1', 'utf8.surrogate-1-byte'] },
  'accepts-above-10ffff': {
    sentence: 'takes code points above U+10FFFF',
    rows: ['utf8.ab-11-5', 'utf8.failfast-frame'],
  },
  'accepts-bytes-f5-to-ff': { sentence: 'takes the bytes F5 to FF', rows: ['utf8.lead-f5', 'utf8.lead-ff'] },
  'fails-text-with-1002': { sentence: 'fails bad text with 1002', rows: ['utf8.lead-ff', 'close.code-on-bad-utf8'] },
  'strips-byte-order-mark': { sentence: 'strips the byte order mark', rows: ['utf8.bom'] },
  'ends-text-at-nul': { sentence: 'ends a text at NUL', rows: ['utf8.nul'] },
  'normalises-text': { sentence: 'normalises text', rows: ['utf8.unnormalised'] },
  'normalises-line-ends': { sentence: 'normalises line ends', rows: ['utf8.newlines'] },
  'replaces-noncharacters': { sentence: 'replaces noncharacters', rows: ['utf8.ab-22-1', 'utf8.ab-23-7'] },
  'sends-text-in-latin-1': { sentence: 'sends text in Latin-1', rows: ['utf8.latin', 'inv.text-utf8'] },
} as const satisfies Record<string, Defect>

const closing = {
  'never-ends-tcp': { sentence: 'never ends TCP', rows: ['close.tcp-prompt', 'close.2-byte'] },
  'waits-for-client-to-end-tcp': {
    sentence: 'waits for the client to end TCP',
    rows: ['close.tcp-first', 'close.tcp-prompt'],
  },
  'resets-tcp': { sentence: 'ends TCP with a reset', rows: ['close.fin-not-rst', 'close.2-byte'] },
  'closes-with-unread-input': {
    sentence: 'does not read on after its Close, which makes a reset of it',
    rows: ['close.fin-not-rst-unread'],
  },
  'drops-tcp-without-close-reply': {
    sentence: 'drops TCP without a Close',
    rows: ['close.2-byte', 'close.valid-1000'],
  },
  'fails-without-close': { sentence: 'fails without a Close', rows: ['rsv.text-rsv3', 'inv.close-before-fin'] },
  'fails-with-empty-close': {
    sentence: 'fails with an empty Close',
    rows: ['rsv.text-rsv3', 'close.code-on-protocol-error'],
  },
  'fails-with-1000': { sentence: 'fails with 1000', rows: ['rsv.text-rsv3', 'close.code-on-protocol-error'] },
  'fails-with-1006': { sentence: 'fails with 1006', rows: ['inv.close-code', 'close.reply-shape', 'op.3-empty'] },
  'fails-with-1010': { sentence: 'fails with 1010', rows: ['close.server-never-1010', 'op.3-empty'] },
  'fails-with-bad-reason': { sentence: 'gives a reason that is not UTF-8', rows: ['close.reply-shape', 'op.3-empty'] },
  'replies-1005-to-empty-close': {
    sentence: 'replies 1005 to an empty Close',
    rows: ['close.empty-reply-code', 'close.empty'],
  },
  'replies-close-of-one-byte': { sentence: 'replies a Close of one byte', rows: ['close.2-byte', 'close.reply-shape'] },
  'replies-close-twice': { sentence: 'replies two Closes', rows: ['close.once', 'close.2-byte'] },
  'swaps-bytes-of-close-code': { sentence: 'swaps the bytes of the code it echoes', rows: ['close.valid-1000'] },
  'sends-text-after-close': { sentence: 'sends a text after its Close', rows: ['inv.after-close', 'close.2-byte'] },
  'goes-on-after-close': {
    sentence: 'answers what comes after the Close',
    rows: ['close.then-ping', 'close.then-text'],
  },
  'goes-on-after-failing': {
    sentence: 'keeps the connection after a violation',
    rows: ['close.after-fail-silent', 'rsv.text-rsv3'],
  },
  'accepts-close-of-one-byte': { sentence: 'takes a Close of one byte', rows: ['close.1-byte'] },
  'accepts-any-close-code': { sentence: 'takes any close code', rows: ['close.invalid-999', 'close.invalid-1006'] },
  'accepts-close-1005': { sentence: 'takes the close code 1005', rows: ['close.invalid-1005'] },
  'accepts-unassigned-close-codes': {
    sentence: 'takes close codes 1015 to 2999',
    rows: ['close.invalid-2000', 'close.invalid-1016'],
  },
  'refuses-close-codes-of-applications': {
    sentence: 'refuses close codes 3000 to 4999',
    rows: ['close.valid-3000', 'close.valid-4999'],
  },
  'refuses-close-1012-to-1014': { sentence: 'refuses the close codes 1012 to 1014', rows: ['close.valid-1012'] },
  'checks-no-reason': {
    sentence: 'does not check that the reason is UTF-8',
    rows: ['close.reason-bad-utf8', 'close.reason-bad-ff'],
  },
  'refuses-reason-above-100': {
    sentence: 'refuses reasons above 100 bytes',
    rows: ['close.reason-123', 'close.reason-122'],
  },
} as const satisfies Record<string, Defect>

const compression = {
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

const atLarge = {
  'fails-too-big-with-1002': {
    sentence: 'fails messages that are too big with 1002',
    rows: ['len.huge-2p60', 'close.code-on-too-big'],
  },
  'fails-all-connections-together': { sentence: 'ends all connections when one fails', rows: ['robust.neighbour'] },
  'drops-output-when-busy': {
    sentence: 'drops echoes while its output is not written yet',
    rows: ['robust.empty-messages-100k'],
  },
  'sends-rsv3': { sentence: 'sets RSV3', rows: ['inv.rsv', 'len.text-125'] },
  'sends-reserved-opcode': { sentence: 'sends a reserved opcode', rows: ['inv.frame-grammar', 'len.text-125'] },
  'sends-two-starts': { sentence: 'sends two starts for one message', rows: ['inv.message-order', 'len.text-125'] },
  'pads-pongs': { sentence: 'sends pongs above 125 bytes', rows: ['inv.control', 'ping.text'] },
  'sends-pong-without-fin': { sentence: 'sends pongs with FIN 0', rows: ['inv.control', 'ping.text'] },
} as const satisfies Record<string, Defect>

/** Every defect of the server: what it does, and the rows of which one has to notice it. */
export const serverDefects = {
  ...handshake,
  ...frames,
  ...messages,
  ...closing,
  ...compression,
  ...atLarge,
} as const satisfies Record<string, Defect>
