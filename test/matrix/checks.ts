/** What of a failed row a judgment is about. */
export interface Pattern {
  /** A row, or several: `*` is anything, `mask.unmasked-*`. `utf8.bom` is also `client.utf8.bom`. */
  rows: readonly string[]
  /** What the expectation that failed looks like, when the reason is only about such. */
  expected?: RegExp
  /** What the answer looks like, likewise. */
  actual?: RegExp
  /** Which servers or clients it is about; all when absent. */
  labels?: RegExp
}

/** Rows whose failure was compared by hand with the text of the RFC, and is carried by it. */
export interface Check extends Pattern {
  /** Where the sentences are. */
  rule: string
  /** The sentences, letter for letter: ` · ` between them, ` …` where something is left out (`quotes.ts` compares them). */
  text: string
  /** Why the answers that were seen break it; what can be said in their favor. */
  why: string
}

/** The rule that requires a server to refuse a handshake that does not match the items of the section. */
export const STOP =
  "If the server, while reading the handshake, finds that the client did not send a handshake that matches the description below … the server MUST stop processing the client's handshake and return an HTTP response with an appropriate error code (such as 400 Bad Request)."
const UPGRADED = /101 Switching Protocols|\b101\b/

/** A part of the handshake that is not as §4.2.1 describes it, and 101 for it. */
function accepted(rows: readonly string[], item: string, description: string, why: string): Check {
  return { rows, actual: UPGRADED, rule: `RFC 6455 §4.2.1, ${item}`, text: description, why }
}

const handshake: readonly Check[] = [
  accepted(
    ['hs.method.*'],
    'item 1',
    'An HTTP/1.1 or higher GET request, including a "Request-URI" [RFC2616] that should be interpreted as a /resource name/',
    'A request with another method gets 101.',
  ),
  accepted(
    ['hs.version.*', 'hs.target.*'],
    'item 1',
    'An HTTP/1.1 or higher GET request, including a "Request-URI" [RFC2616] that should be interpreted as a /resource name/',
    'A request line that is not valid in HTTP/1.1 gets 101: it has another version, or a target that is not a valid URI. No client sends such a line. Often the underlying HTTP server decides this.',
  ),
  accepted(
    ['hs.upgrade.*'],
    'item 3',
    'An |Upgrade| header field containing the value "websocket", treated as an ASCII case-insensitive value.',
    'A request without the protocol websocket in this field gets 101: the field is missing or empty, or has another value, such as a name of which websocket is only a part.',
  ),
  accepted(
    ['hs.connection.*'],
    'item 4',
    'A |Connection| header field that includes the token "Upgrade", treated as an ASCII case-insensitive value.',
    'A request without that token in this field gets 101: the field is missing or empty, or has another value, such as a text in which Upgrade is only a part of a word or of a quoted string.',
  ),
  accepted(
    ['hs.key.missing', 'hs.key.empty'],
    'item 5',
    'A |Sec-WebSocket-Key| header field with a base64-encoded (see Section 4 of [RFC4648]) value that, when decoded, is 16 bytes in length.',
    'A request without a key, or with an empty one, gets 101.',
  ),
  accepted(
    ['hs.key.duplicate-*'],
    'item 5, and §11.3.1',
    'The |Sec-WebSocket-Key| header field MUST NOT appear more than once in an HTTP request.',
    'A request with two such fields gets 101. The sentence binds the client; §4.2.1 binds the server.',
  ),
  accepted(
    ['missing', 'empty', 'leading-zero', 'plus', 'minus', 'decimal', 'hex', 'text', 'space', 'huge', '256'].map(
      (name) => `hs.ver.${name}`,
    ),
    'item 6',
    'A |Sec-WebSocket-Version| header field, with a value of 13.',
    'A request without a version, or with a version such as 013, +13, 13.0 or abc, gets 101. The server compares the version as a number, or not at all.',
  ),
  accepted(
    ['hs.ver.duplicate-*'],
    'item 6, and §11.3.5',
    'However, the |Sec-WebSocket-Version| header field MUST NOT appear more than once in an HTTP request.',
    'A request with two such fields gets 101. The sentence binds the client; §4.2.1 binds the server.',
  ),
  {
    rows: ['hs.ver.v*', 'hs.ver.list-contains-13'],
    rule: 'RFC 6455 §4.2.2, item 4',
    text: 'If this version does not match a version understood by the server, the server MUST abort the WebSocket handshake described in this section and instead send an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of understanding.',
    why: 'The refusal has no Sec-WebSocket-Version field, or a request with this version gets 101.',
  },
  {
    rows: ['hs.version.http10'],
    actual: UPGRADED,
    rule: 'RFC 9110 §7.8',
    text: 'A server that receives an Upgrade header field in an HTTP/1.0 request MUST ignore that Upgrade field.',
    why: 'A request with HTTP/1.0 gets 101. No client sends one.',
  },
  {
    rows: ['hs.host.missing', 'hs.host.duplicate-*'],
    rule: 'RFC 9112 §3.2',
    text: 'A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host header field and to any request message that contains more than one Host header field line or a Host header field with an invalid field value.',
    why: 'Such a request gets 101. Often the underlying HTTP server decides this, not the WebSocket library.',
  },
  {
    rows: ['hs.method.head'],
    expected: /no (body|content)/,
    rule: 'RFC 9110 §9.3.2',
    text: 'The HEAD method is identical to GET except that the server MUST NOT send content in the response.',
    why: 'The response that refuses a HEAD request has content.',
  },
  {
    rows: ['hs.syntax.space-before-colon'],
    actual: UPGRADED,
    rule: 'RFC 9112 §5.1',
    text: 'A server MUST reject, with a response status code of 400 (Bad Request), any received request message that contains whitespace between a header field name and colon.',
    why: 'Such a request gets 101.',
  },
  {
    rows: ['hs.syntax.nul-key'],
    actual: /of a key with NUL/,
    rule: 'RFC 9110 §5.5',
    text: 'a recipient of CR, LF, or NUL within a field value MUST either reject the message or replace each of those characters with SP before further processing or forwarding of that message.',
    why: 'The response is computed from the key including the NUL. No client sends such a key. Often the underlying HTTP server decides this.',
  },
  {
    rows: ['hs.ok.key-ows', 'hs.ok.ows-tab', 'client.resp.accept-ows'],
    rule: 'RFC 9110 §5.5',
    text: 'A field value does not include leading or trailing whitespace. When a specific version of HTTP allows such whitespace to appear in a message, a field parsing implementation MUST exclude such whitespace prior to evaluating the field value.',
    why: 'A tab or a space around a value counts as a part of the value: the request or the response is refused, or the response is computed from the key including its spaces.',
  },
  {
    rows: ['hs.resp.no-body-fields'],
    rule: 'RFC 9110 §8.6',
    text: 'A server MUST NOT send a Content-Length header field in any response with a status code of 1xx (Informational) or 204 (No Content).',
    why: 'The 101 response has Content-Length. The underlying HTTP server adds it.',
  },
  {
    rows: ['hs.ext.quoted-list'],
    actual: /permessage-deflate/,
    rule: 'RFC 6455 §9.1, §9',
    text: "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the 'token' ABNF. · A server MUST NOT respond with any extension not requested by the client.",
    why: 'permessage-deflate inside a quoted string counts as an offer. The first sentence is about the client, whose field is malformed, and the second one is about the server.',
  },
]

const response: readonly Check[] = [
  {
    rows: ['client.req.query'],
    rule: 'RFC 6455 §4.1, item 3',
    text: 'The "Request-URI" part of the request MUST match the /resource name/ defined in Section 3 (a relative URI) or be an absolute http/https URI that, when parsed, has a /resource name/, /host/, and /port/ that match the corresponding ws/wss URI.',
    why: 'The URI has a query but no path. The request target begins with the query, without the slash of an empty path.',
  },
  {
    rows: ['client.req.tls-sni'],
    actual: /no server_name/,
    rule: 'RFC 6455 §4.1, item 5',
    text: 'Clients MUST use the Server Name Indication extension in the TLS handshake',
    why: 'The TLS handshake with localhost does not name the server.',
  },
  {
    rows: ['client.resp.*-upgrade'],
    actual: /pong|message/,
    rule: 'RFC 6455 §4.1, item 2',
    text: 'If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is not an ASCII case-insensitive match for the value "websocket", the client MUST _Fail the WebSocket Connection_.',
    why: 'A response without this field, or with another value, is accepted, and the connection continues.',
  },
  {
    rows: ['client.resp.*-connection'],
    actual: /pong|message/,
    rule: 'RFC 6455 §4.1, item 3',
    text: 'If the response lacks a |Connection| header field or the |Connection| header field doesn\'t contain a token that is an ASCII case-insensitive match for the value "Upgrade", the client MUST _Fail the WebSocket Connection_.',
    why: 'A response without this field, or without the token, is accepted, and the connection continues.',
  },
  {
    rows: ['client.req.line'],
    actual: /\(in client\.req\.escape\)/,
    rule: 'RFC 6455 §4.1, item 1',
    text: 'If any of the components are invalid, the client MUST _Fail the WebSocket Connection_ and abort these steps.',
    why: 'The URI contains characters that must be percent-encoded. The client sends them as they are, so that the request line is not valid HTTP.',
  },
  {
    rows: ['client.resp.no-accept', 'client.resp.bad-accept'],
    actual: /pong|message/,
    rule: 'RFC 6455 §4.1, item 4',
    text: 'If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains a value other than the base64-encoded SHA-1 of the concatenation of the |Sec-WebSocket-Key| … the client MUST _Fail the WebSocket Connection_.',
    why: 'A response without this field, or with another value, is accepted, and the connection continues. A server written apart from the tester saw the same.',
  },
  {
    rows: ['client.resp.ext-unasked', 'client.resp.ext-malformed', 'client.resp.pmd-unasked'],
    actual: /pong|message/,
    rule: 'RFC 6455 §4.1, item 5',
    text: "If the response includes a |Sec-WebSocket-Extensions| header field and this header field indicates the use of an extension that was not present in the client's handshake (the server has indicated an extension not requested by the client), the client MUST _Fail the WebSocket Connection_.",
    why: 'An extension that the client did not offer, or a field that names none, is ignored, and the connection continues.',
  },
  {
    rows: ['client.resp.proto-unasked'],
    actual: /pong|message/,
    rule: 'RFC 6455 §4.1, item 6',
    text: "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates the use of a subprotocol that was not present in the client's handshake (the server has indicated a subprotocol not requested by the client), the client MUST _Fail the WebSocket Connection_.",
    why: 'A subprotocol that the client did not ask for is ignored, and the connection continues.',
  },
]

const FAIL = 'RFC 6455 §5.2'

const frames: readonly Check[] = [
  {
    rows: ['mask.unmasked-*'],
    actual: /message|pong|Close 1000|Close without a code/,
    rule: 'RFC 6455 §5.1',
    text: 'The server MUST close the connection upon receiving a frame that is not masked.',
    why: 'The frame is read and answered.',
  },
  {
    rows: ['client.frame.masked-*'],
    actual: /message|pong/,
    rule: 'RFC 6455 §5.1',
    text: 'A client MUST close a connection if it detects a masked frame.',
    why: 'A masked frame from the server is read and answered. Firefox unmasks it; nhooyr.io/websocket returns the payload as it was sent.',
  },
  {
    rows: ['client.frame.keys-fresh'],
    rule: 'RFC 6455 §5.3',
    text: 'When preparing a masked frame, the client MUST pick a fresh masking key from the set of allowed 32-bit values.',
    why: 'The keys repeat: a server written apart from the tester received 64 different keys in 1,000 frames of Boost.Beast 1.74.',
  },
  {
    rows: ['mask.server-never', 'inv.not-masked'],
    rule: 'RFC 6455 §5.1',
    text: 'A server MUST NOT mask any frames that it sends to the client.',
    why: 'The server masks some of its frames. Qt masks only answers to frames that arrive together with the request.',
  },
  {
    rows: ['rsv.*', 'pmd.frame.rsv2', 'pmd.frame.rsv3', 'client.frame.rsv*'],
    actual: /message|pong|opcode|^Close 1000|continuation/,
    rule: FAIL,
    text: 'If a nonzero value is received and none of the negotiated extensions defines the meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_.',
    why: 'The frame is read as if the bit were not set.',
  },
  {
    rows: ['inv.rsv'],
    rule: FAIL,
    text: 'MUST be 0 unless an extension is negotiated that defines meanings for non-zero values.',
    why: 'The endpoint sends frames with a reserved bit: it returns the Close frame that it received, unchanged.',
  },
  {
    rows: ['len.truncated-*'],
    actual: /message/,
    rule: 'RFC 6455 §6.2',
    text: 'Incoming data MUST be parsed as WebSocket frames as defined in Section 5.2.',
    why: 'The connection ends in the middle of a frame. The bytes that arrived are returned as a complete message.',
  },
  {
    rows: ['op.*'],
    actual: /message|pong|opcode|^Close 1000|continuation/,
    rule: FAIL,
    text: 'If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_.',
    why: 'The frame is read as another kind of frame, or the frames that follow it are read.',
  },
  {
    rows: ['utf8.*', 'pmd.data.utf8-*', 'inv.text-utf8'],
    expected: /Close 1007|valid UTF-8/,
    actual: /message|\(in (utf8|frag)/,
    rule: 'RFC 6455 §8.1',
    text: 'When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.',
    why: 'Text that is not UTF-8 is echoed. Some libraries (those of Go, libwebsockets without its option, Mojolicious in the way it is used here) pass on the bytes of a text unchecked. They leave the check to the application, and the echo program here does not check. This is a deliberate choice that users should know.',
  },
  {
    rows: ['utf8.*', 'frag.long-cut-characters'],
    expected: /echo|pong/,
    actual: /Close 1007|UTF-8/,
    rule: 'RFC 6455 §5.6',
    text: 'Note that a particular text frame might include a partial UTF-8 sequence; however, the whole message MUST contain valid UTF-8.',
    why: 'A message is refused because the boundary of a frame splits a character. The message as a whole is valid.',
  },
  {
    rows: ['frag.*', 'utf8.*', 'mask.phase-restarts', 'close.inside-message', 'misc.auto-fragment-1300'],
    expected: /echo|Close 1000 or|nothing but a Close/,
    actual: /instead of \d+ bytes|message/,
    labels: /^golang\.org\/x\/net/,
    rule: 'RFC 6455 §5.4',
    text: 'Clients and servers MUST support receiving both fragmented and unfragmented messages.',
    why: 'Each fragment reaches the application, and is returned, as a separate message. The documentation of the package says that the package receives frames.',
  },
  {
    rows: ['inv.control', 'close.reply-shape'],
    actual: /(pong|close|ping|opcode [b-f]) fin (masked )?\d{3}/,
    rule: 'RFC 6455 §5.5',
    text: 'All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented.',
    why: 'The endpoint sends a control frame of more than 125 bytes.',
  },
  {
    rows: ['inv.frame-grammar', 'inv.message-order'],
    actual: /reserved opcode|(without|outside) a message/,
    rule: 'RFC 6455 §5.4, §5.2',
    text: 'A fragmented message consists of a single frame with the FIN bit clear and an opcode other than 0, followed by zero or more frames with the FIN bit clear and the opcode set to 0, and terminated by a single frame with the FIN bit set and an opcode of 0.',
    why: 'The endpoint sends frames with reserved opcodes, or continuations without a message: it returns the frame that it received, unchanged.',
  },
  {
    rows: ['pmd.frame.ping-between'],
    expected: /echo/,
    actual: /Close|end of the stream/,
    rule: 'RFC 6455 §5.4',
    text: 'An endpoint MUST be capable of handling control frames in the middle of a fragmented message.',
    why: 'A ping between two compressed fragments ends the connection.',
  },
]

const closing: readonly Check[] = [
  {
    rows: ['close.*', 'inv.close-code'],
    actual: /Close 10(05|06|15)|code 10(05|06|15)|^10(05|06|15)$/,
    rule: 'RFC 6455 §7.4.1',
    text: 'is a reserved value and MUST NOT be set as a status code in a Close control frame by an endpoint.',
    why: 'The endpoint sends this code in its own Close frame.',
  },
  {
    rows: ['close.1-byte', 'close.reply-shape', 'inv.close-code'],
    actual: /body of one byte/,
    rule: 'RFC 6455 §5.5.1',
    text: 'If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in network byte order) representing a status code with value /code/ defined in Section 7.4.',
    why: 'The endpoint sends a Close frame with a body of one byte: it returns the body that it received.',
  },
  {
    rows: ['close.reason-bad-*', 'close.bad-code-bad-reason', 'close.reply-shape', 'inv.close-code'],
    actual: /not UTF-8/,
    rule: 'RFC 6455 §5.5.1, §8.1',
    text: 'Following the 2-byte integer, the body MAY contain UTF-8-encoded data with value /reason/ · When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.',
    why: 'The endpoint sends a reason that is not UTF-8 in its own Close frame: it returns the reason that it received.',
  },
  {
    rows: ['close.*', 'ping.before-close', 'mask.close-payload', 'client.close.reply'],
    expected: /^Close|a Close/,
    actual: /^the end of the stream \(FIN\)( without a Close)?$/,
    rule: 'RFC 6455 §5.5.1',
    text: 'If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST send a Close frame in response.',
    why: 'The connection ends without a Close frame.',
  },
  {
    rows: ['inv.after-close', 'close.once'],
    actual: /(binary|text|continuation) /,
    rule: 'RFC 6455 §5.5.1',
    text: 'The application MUST NOT send any more data frames after sending a Close frame.',
    why: 'The endpoint sends a data frame after its Close frame.',
  },
]

const compression: readonly Check[] = [
  {
    rows: ['client.resp.pmd-bad', 'client.resp.pmd-smwb-larger'],
    actual: /pong|message/,
    rule: 'RFC 7692 §7, §7.1.2.1',
    text: 'A client MUST _Fail the WebSocket Connection_ if the peer server accepted an extension negotiation offer for this extension with an extension negotiation response meeting any of the following conditions: · The negotiation response contains an extension parameter not defined for use in a response. · The negotiation response contains an extension parameter with an invalid value. · a decimal integer value without leading zeroes between 8 to 15, inclusive',
    why: 'A response with an unknown parameter, or with a value such as server_max_window_bits=08, is accepted.',
  },
  {
    rows: ['pmd.neg.bad-*'],
    actual: /permessage-deflate/,
    rule: 'RFC 7692 §7, §7.1.2.1',
    text: 'A server MUST decline an extension negotiation offer for this extension if any of the following conditions are met: · The negotiation offer contains an extension parameter with an invalid value. · a decimal integer value without leading zeroes between 8 to 15, inclusive',
    why: 'An offer is accepted although one of its parameters is unknown, is repeated, or has a value such as 010.',
  },
  {
    rows: ['pmd.neg.*', 'pmd.ab.*', 'pmd.data.server-window-*'],
    expected: /an answer to each parameter that was offered|a response that matches an offer/,
    actual: /permessage-deflate/,
    rule: 'RFC 7692 §7, §7.1.1.1, §7.1.2.1',
    text: 'A server MUST decline an extension negotiation offer for this extension if any of the following conditions are met: · The server doesn\'t support the offered configuration. · A server accepts an extension negotiation offer with this parameter by including the "server_max_window_bits" extension parameter in the extension negotiation response to send back to the client with the same or smaller value as the offer.',
    why: 'The offer limits what the server may use to compress: its window, or its memory of earlier messages. The response accepts the offer, but omits this limit or has a larger one.',
  },
  {
    rows: ['pmd.neg.once', 'pmd.neg.fallback-*', 'pmd.ab.offer-three.5'],
    expected: /one element/,
    actual: /permessage-deflate.*, permessage-deflate/,
    rule: 'RFC 7692 §5',
    text: 'A server MUST NOT accept a PMCE extension negotiation offer together with another extension if the PMCE will conflict with the extension on their use of the RSV1 bit.',
    why: 'The client offers permessage-deflate several times, as alternatives. The response accepts more than one of them, and each would use the bit RSV1.',
  },
  {
    rows: ['client.resp.pmd-cnct', 'client.pmd.ab.*'],
    actual: /invalid distance/,
    rule: 'RFC 7692 §7.2.1',
    text: 'the client MUST start compressing each new message with an empty LZ77 sliding window.',
    why: 'The response has client_no_context_takeover. The client does not read it, and its second message refers to the first one.',
  },
  {
    rows: ['pmd.frame.frag-*'],
    expected: /echo/,
    actual: /Close/,
    rule: 'RFC 6455 §5.4',
    text: 'Clients and servers MUST support receiving both fragmented and unfragmented messages.',
    why: 'The first fragment of a compressed message is so short that it alone decompresses to nothing. The message is refused, and the connection closes with 1000.',
  },
  {
    rows: ['pmd.data.empty-*'],
    expected: /echo/,
    actual: /Close/,
    rule: 'RFC 7692 §5',
    text: 'both endpoints MUST use the algorithm described in Section 6 and the message payload transformation procedure of the PMCE configured with the "agreed parameters" returned by the server to exchange messages.',
    why: 'An empty message that is compressed to one empty block is refused, and the connection closes with 1000.',
  },
  {
    rows: ['pmd.frame.server-rsv1'],
    actual: /close fin rsv1/,
    rule: 'RFC 7692 §6.1',
    text: 'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first fragments of a data message.',
    why: 'The endpoint sends a Close frame with this bit: it returns the Close frame that it received, unchanged.',
  },
  {
    rows: ['pmd.frame.rsv1-*', 'client.frame.pmd-rsv1-misuse'],
    actual: /message|pong|echo/,
    rule: 'RFC 7692 §6.1',
    text: 'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first fragments of a data message. An endpoint receiving such a frame MUST _Fail the WebSocket Connection_.',
    why: 'The frame is read as if the bit were not set.',
  },
  {
    rows: ['pmd.data.rfc-bfinal'],
    expected: /echo/,
    actual: /Close|end of the stream/,
    rule: 'RFC 7692 §7.2.1',
    text: 'An endpoint MAY use both DEFLATE blocks with the "BFINAL" bit set to 0 and DEFLATE blocks with the "BFINAL" bit set to 1.',
    why: 'The example message in §7.2.3.4 ends with a block whose BFINAL bit is 1. The message is refused, and the connection ends.',
  },
]

/** A failure that no check and no dismissal covers is not published. */
export const CHECKS: readonly Check[] = [...handshake, ...response, ...frames, ...closing, ...compression]
