import type { Pattern } from './checks.ts'

/** Rows whose failure was looked at by hand and is not counted: the text does not carry it, or it is another failure again. */
export interface Dismissal extends Pattern {
  /** Names the reason. */
  title: string
  why: string
}

const SILENCE = /nothing within|no (answer|response) in time|no connection within/

export const DISMISSALS: readonly Dismissal[] = [
  {
    rows: ['*'],
    actual: SILENCE,
    title: 'Silence',
    why: 'No answer, or no end of the connection, arrived within the time limit of the run. A busy server may need longer. If a server ignores a frame, other cases show it.',
  },
  {
    rows: ['close.invalid-0', 'close.invalid-1', 'close.invalid-500', 'close.invalid-999', 'close.bad-code-bad-reason'],
    actual: /code (0|1|500|999)$/,
    title: 'Codes below 1000',
    why: 'RFC 6455 §7.4.2: “Status codes in the range 0-999 are not used.” The sentence has no MUST. Most libraries fail the connection.',
  },
  {
    rows: ['close.*'],
    expected: /Close 1002|Close 1007/,
    actual: /: code (?!1005|1006|1015)\d+$/,
    title: 'Another code',
    why: 'The connection closes with a code that the tester does not expect. RFC 6455 defines the meaning of each code, but requires no particular code here.',
  },
  {
    rows: ['close.reason*'],
    actual: /bytearray|tearray/,
    title: 'Another code',
    why: 'The Close frame that is returned has a code and a reason that nobody sent (gevent-websocket under Python 3 sends the name of a type); “typically echos the status code” (§5.5.1) is not a MUST.',
  },
  {
    rows: ['space-in-name', 'empty-name', 'no-colon', 'name-nontoken', 'nul-value', 'bare-cr'].map(
      (name) => `hs.syntax.${name}`,
    ),
    title: 'Malformed lines of unknown fields',
    why: 'The request has a line without a colon or a name, or a name or value with bytes that are not allowed. RFC 9112 §2.2 says “the server SHOULD respond with a 400 (Bad Request) response and close the connection”, which is only a SHOULD. RFC 9110 §5.5 allows a server to read NUL as a space.',
  },
  {
    rows: ['hs.version.*', 'hs.target.*', 'hs.method.*'],
    actual: /the end of the stream without an? (answer|response)/,
    title: 'The end of the connection instead of an error code',
    why: 'The request is not HTTP, and the connection ends without a response. RFC 6455 §10.7: “the endpoint MAY drop the TCP connection”.',
  },
  {
    rows: ['client.pmd.ab.*.5'],
    expected: /echo/,
    actual: /the end of the stream/,
    labels: /^gorilla/,
    title: 'A valid response is refused',
    why: "The client offers permessage-deflate with client_no_context_takeover. The response omits this hint, which RFC 7692 §7.1.1.2 allows. A client that cannot work without it must end the connection (§7: “The client doesn't support the configuration that the response represents.”), and this one does.",
  },
  {
    rows: ['hs.*', 'pmd.neg.plain', 'frag.unfinished-fin'],
    expected: /a 101 that satisfies hs\.resp/,
    actual: /content-length/,
    title: 'A consequence',
    why: 'The 101 response has Content-Length, which the case `hs.resp.no-body-fields` already counts.',
  },
  {
    rows: ['hs.resp.accept', 'hs.resp.accept-once', 'hs.resp.connection', 'hs.resp.upgrade'],
    title: 'A consequence',
    why: 'This appears only in the 101 response to a request that should have been refused, or in the response of a case that already counts.',
  },
  {
    rows: ['client.req.line'],
    actual: /^(GET \?x HTTP\/1\.1 \(in client\.req\.query\)(; )?)+$/,
    title: 'A consequence',
    why: 'The request target begins with the query, which the case `client.req.query` already counts.',
  },
  {
    rows: ['client.req.syntax'],
    actual: /\(in client\.req\.escape\)$/,
    title: 'A consequence',
    why: 'The request line has characters that must be percent-encoded, which the case `client.req.line` already counts.',
  },
  {
    rows: ['mask.unmasked-close-*'],
    actual: /^Close 1005/,
    title: 'A consequence',
    why: 'The connection ends, as required. The code of the Close frame is reserved, which the case `close.empty` already counts.',
  },
  {
    rows: ['pmd.data.server-fresh'],
    actual: /invalid distance/,
    title: 'A consequence',
    why: 'The response to the offer omits `server_no_context_takeover`, which the case `pmd.neg.snct` already counts.',
  },
  {
    rows: ['mask.unmasked-continuation', 'client.frame.masked-continuation'],
    actual: /message "Hel"/,
    labels: /^golang\.org\/x\/net/,
    title: 'A consequence',
    why: 'The first fragment, which is masked, is returned as a separate message. The fragment without a mask ends the connection, as required.',
  },
  {
    rows: ['inv.after-close', 'close.once'],
    actual: /^((close fin \d+ \(in [\w.-]+\)|and \d+ more)(; )?)+$/,
    title: 'A second Close',
    why: 'RFC 6455 §5.5.1: “The application MUST NOT send any more data frames after sending a Close frame.” A Close frame is not a data frame.',
  },
  {
    rows: [
      'close.after-fail-silent',
      'close.crossing',
      'inv.close-code',
      'close.reply-shape',
      'hs.syntax.second-request',
    ],
    actual: /opcode|message|code (0|1|500|999|\d{5}) \(/,
    title: 'A consequence',
    why: 'These cases use a reserved opcode or summarize other cases. The cases about the failure itself count it.',
  },
  {
    rows: ['close.reply-shape'],
    actual: /close fin masked/,
    labels: /^Qt . WebSockets$/,
    title: 'A consequence',
    why: 'The server masks some of its Close frames, which the case `mask.server-never` already counts.',
  },
  {
    rows: ['len.*-65536-*', 'mask.phase-across-segments', 'frag.long-*', 'utf8.all-codepoints'],
    actual: /RST|Close 1009/,
    title: 'A limit',
    why: 'The message is longer than the server accepts by default. Its Close frame with 1009 was lost when the connection was reset, or arrived late.',
  },
]
