/** Rows that were compared by hand with the text of the RFC, one judgment for rows with the same reason. */
export interface Check {
  /** A row, or the beginning of several: `mask.unmasked-*`. */
  rows: readonly string[]
  /** How the expectation that failed begins, when the reason is only about such. */
  expected?: string
  /** How the answer begins, likewise. */
  actual?: string
  /** How an answer begins that the judgment does not cover. */
  unless?: string
  /** Where the sentence stands. */
  rule: string
  /** The sentence, in the words of the RFC. */
  text: string
  /** Why the answers that were seen break it; what could be said for them. */
  why: string
}

/** What is not listed here is shown as “not reviewed”. */
export const CHECKS: readonly Check[] = [
  {
    rows: ['mask.unmasked-*'],
    expected: 'the end of the connection',
    unless: 'Close',
    rule: 'RFC 6455 §5.1',
    text: 'The server MUST close the connection upon receiving a frame that is not masked.',
    why: 'The frame is answered.',
  },
  {
    rows: ['hs.host.missing', 'hs.host.duplicate-same', 'hs.host.duplicate-other', 'hs.host.bad-*'],
    rule: 'RFC 9112 §3.2',
    text: 'A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that lacks a Host header field and to any request message that contains more than one Host header field line or a Host header field with an invalid field value.',
    why: 'Such a request gets 101. Often the HTTP server below decides this, not the WebSocket library.',
  },
  {
    rows: ['hs.version.http10', 'hs.version.http09'],
    rule: 'RFC 6455 §4.2.1, RFC 9110 §7.8',
    text: 'An HTTP/1.1 or higher GET request … · A server that receives an Upgrade header field in an HTTP/1.0 request MUST ignore that Upgrade field.',
    why: 'A request of another version gets 101. Harmless in practice: no client sends it.',
  },
  {
    rows: [
      'hs.method.post',
      'hs.method.put',
      'hs.method.delete',
      'hs.method.patch',
      'hs.method.trace',
      'hs.method.options',
    ],
    rule: 'RFC 6455 §4.2.1, §4.1',
    text: 'The method of the request MUST be GET …',
    why: 'Another method gets 101; a server that finds a handshake unlike the description must stop (§4.2.1).',
  },
  {
    rows: ['hs.method.head'],
    rule: 'RFC 9110 §9.3.2',
    text: 'The HEAD method is identical to GET except that the server MUST NOT send content in the response.',
    why: 'The refusal of a HEAD request carries a body, or it gets 101.',
  },
  {
    rows: [
      'hs.upgrade.other',
      'hs.upgrade.plural',
      'hs.upgrade.prefix',
      'hs.upgrade.suffix',
      'hs.upgrade.quoted',
      'hs.upgrade.spaced',
      'hs.upgrade.missing',
    ],
    rule: 'RFC 6455 §4.2.1, item 3',
    text: 'An |Upgrade| header field containing the value "websocket", treated as an ASCII case-insensitive value.',
    why: 'A value that does not contain the token websocket gets 101.',
  },
  {
    rows: [
      'hs.connection.missing',
      'hs.connection.other',
      'hs.connection.close',
      'hs.connection.keepalive*',
      'hs.connection.substring*',
      'hs.connection.prefix',
      'hs.connection.suffix',
    ],
    rule: 'RFC 6455 §4.2.1, item 4',
    text: 'A |Connection| header field that includes the token "Upgrade", treated as an ASCII case-insensitive value.',
    why: 'A value without that token gets 101.',
  },
  {
    rows: ['hs.key.missing', 'hs.key.empty', 'hs.key.len-*'],
    rule: 'RFC 6455 §4.2.1, item 5',
    text: 'A |Sec-WebSocket-Key| header field with a base64-encoded (see Section 4 of [RFC4648]) value that, when decoded, is 16 bytes in length.',
    why: 'A key of another length gets 101. §4.2.2 needs no decoded key for the answer, but the request is not as described, and the server must stop (§4.2.1).',
  },
  {
    rows: ['hs.key.duplicate-same', 'hs.key.duplicate-other'],
    rule: 'RFC 6455 §11.3.1, §4.2.1',
    text: 'The |Sec-WebSocket-Key| header field MUST NOT appear more than once in an HTTP request.',
    why: 'Two fields get 101. The sentence binds the client; the server must stop at a handshake unlike the description (§4.2.1).',
  },
  {
    rows: [
      'hs.ver.leading-zero',
      'hs.ver.plus',
      'hs.ver.decimal',
      'hs.ver.hex',
      'hs.ver.duplicate-*',
      'hs.ver.missing',
      'hs.ver.empty',
    ],
    rule: 'RFC 6455 §4.2.1, item 6, and §4.3',
    text: 'A |Sec-WebSocket-Version| header field, with a value of 13. · version = DIGIT | (NZDIGIT DIGIT) | ("1" DIGIT DIGIT) | ("2" DIGIT DIGIT)',
    why: 'A value such as 013, +13 or 13.0 is not in the grammar, and gets 101.',
  },
  {
    rows: ['hs.ver.v*'],
    rule: 'RFC 6455 §4.2.2, item 4',
    text: 'If this version does not match a version understood by the server, the server MUST abort the WebSocket handshake described in this section and instead send an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version| header field indicating the version(s) the server is capable of understanding.',
    why: 'The refusal has no Sec-WebSocket-Version field, or the version gets 101.',
  },
  {
    rows: ['pmd.neg.bad-*'],
    rule: 'RFC 7692 §7.1, §7.1.2',
    text: 'A server MUST decline an extension negotiation offer for this extension if any of the following conditions are met … The negotiation offer contains an extension parameter with an invalid value. · a decimal integer value without leading zeroes between 8 to 15, inclusive',
    why: 'A value such as 010 or +10 is accepted.',
  },
  {
    rows: ['rsv.*'],
    expected: 'Close 1002',
    unless: 'Close',
    rule: 'RFC 6455 §5.2',
    text: 'If a nonzero value is received and none of the negotiated extensions defines the meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_.',
    why: 'The frame is answered or ignored.',
  },
  {
    rows: ['op.*'],
    expected: 'Close 1002',
    unless: 'Close',
    rule: 'RFC 6455 §5.2',
    text: 'If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_.',
    why: 'The frame is answered or ignored.',
  },
  {
    rows: ['utf8.*'],
    expected: 'Close 1007',
    unless: 'Close',
    rule: 'RFC 6455 §8.1',
    text: 'When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.',
    why: 'Text that is not UTF-8 is echoed, or the connection stays open. Some libraries (those of Go, libwebsockets without its option, Mojolicious in the way it is used here) hand the bytes of a text on as they are: to check them is left to the application, and the echo here does not. That is a choice, which their users should know.',
  },
  {
    rows: ['hs.syntax.space-before-colon'],
    rule: 'RFC 9112 §5.1',
    text: 'A server MUST reject, with a response status code of 400 (Bad Request), any received request message that contains whitespace between a header field name and colon.',
    why: 'Such a request gets 101, or another status than 400.',
  },
  {
    rows: ['close.invalid-1005', 'close.invalid-1006', 'close.invalid-1015'],
    actual: 'Close 10',
    rule: 'RFC 6455 §7.4.1',
    text: 'It MUST NOT be set as a status code in a Close control frame by an endpoint.',
    why: 'The server sends the code back in a Close of its own.',
  },
]
