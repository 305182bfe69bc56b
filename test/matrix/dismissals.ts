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
    why: 'Nothing came, or the end did not come, within the time of the run. A cautious or busy server may need longer, and a server that ignores a frame in silence has other rows that show it.',
  },
  {
    rows: [
      'frag.orphan-*',
      'frag.*-inside-*',
      'frag.interleaved',
      'frag.unfinished-*',
      'ctl.*',
      'len.msb-*',
      'client.frame.msb',
    ],
    expected: /Close 1002|the end of the connection/,
    title: 'The sentence binds the sender',
    why: 'A continuation of nothing (RFC 6455 §5.4), a new message inside another (§5.4), a control frame that is long or fragmented (§5.5), a length with its highest bit set (§5.2): what must not be sent is written; that the receiver must fail the connection is not. §10.7: “the endpoint MAY drop the TCP connection”. Most libraries do, and their users should wish it.',
  },
  {
    rows: ['len.truncated-payload-fin'],
    title: 'The sentence binds the sender',
    why: 'A frame whose end never comes.',
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
    why: 'The connection is closed with another code than the tester asks for; RFC 6455 says which code means what, but obliges nobody to send a certain one.',
  },
  {
    rows: ['close.reason*'],
    actual: /bytearray|tearray/,
    title: 'Another code',
    why: 'The Close that comes back has a code and a reason which nobody sent (gevent-websocket under Python 3 sends the name of a type); “typically echos the status code” (§5.5.1) is no MUST.',
  },
  {
    rows: ['space-in-name', 'empty-name', 'no-colon', 'name-nontoken', 'nul-value', 'bare-cr'].map(
      (name) => `hs.syntax.${name}`,
    ),
    title: 'Malformed lines of unknown fields',
    why: 'A line without a colon or name, a name or value with bytes that are not allowed: RFC 9112 §2.2 says “the server SHOULD respond with a 400 (Bad Request) response and close the connection”, and RFC 9110 §5.5 lets NUL be read as a blank. A should.',
  },
  {
    rows: ['hs.version.*', 'hs.target.*', 'hs.method.*'],
    actual: /the end of the stream without an? (answer|response)/,
    title: 'The end instead of an error code',
    why: 'A request that is no HTTP ends the connection without an answer. RFC 6455 §10.7: “the endpoint MAY drop the TCP connection”.',
  },
  {
    rows: ['hs.ok.connection-two-fields'],
    title: 'A valid request is refused',
    why: 'Connection in two lines means the same as one list (RFC 9110 §5.3), and some proxies write it so; but no sentence obliges a server to accept a client.',
  },
  {
    rows: ['hs.ok.split-everywhere'],
    actual: /the end of the stream without a/,
    title: 'A valid request is refused',
    why: 'A request that arrives in two segments is refused at one of the places where it is split. A proxy or a slow network may do that; but no sentence obliges a server to accept a client.',
  },
  {
    rows: ['hs.ext.two-fields'],
    title: 'A valid request is refused',
    why: 'Sec-WebSocket-Extensions in two lines is allowed (RFC 6455 §11.3.2); but no sentence obliges a server to accept a client.',
  },
  {
    rows: ['client.resp.connection-list'],
    expected: /echo/,
    actual: /the end of the stream/,
    title: 'A valid response is refused',
    why: 'A response with `Connection: keep-alive, Upgrade` has the token that RFC 6455 §4.1 demands; but no sentence obliges a client to go on.',
  },
  {
    rows: ['client.pmd.ab.*.5'],
    expected: /echo/,
    actual: /the end of the stream/,
    labels: /^gorilla/,
    title: 'A valid response is refused',
    why: "The client offers permessage-deflate with client_no_context_takeover; the response leaves this hint out, which RFC 7692 §7.1.1.2 allows. A client that cannot work so must end the connection (§7: “The client doesn't support the configuration that the response represents.”), and this one does.",
  },
  {
    rows: ['pmd.*'],
    expected: /101 Switching Protocols/,
    title: 'A valid request is refused',
    why: 'A valid offer of permessage-deflate that the server does not support is to be declined (RFC 7692 §7.1.2.1); here the whole handshake is refused. No sentence obliges a server to accept a client, but such a client cannot connect.',
  },
  {
    rows: ['hs.*', 'pmd.neg.plain', 'frag.unfinished-fin'],
    expected: /a 101 that satisfies hs\.resp/,
    actual: /content-length/,
    title: 'A consequence',
    why: 'The 101 has Content-Length, which the row `hs.resp.no-body-fields` counts once.',
  },
  {
    rows: ['hs.resp.accept', 'hs.resp.accept-once', 'hs.resp.connection', 'hs.resp.upgrade'],
    title: 'A consequence',
    why: 'Seen only in the 101 to a request that should have been refused, or of a row that is counted itself.',
  },
  {
    rows: ['mask.unmasked-close-*'],
    actual: /^Close 1005/,
    title: 'A consequence',
    why: 'The connection ends, as it must. The code of the Close is reserved, which the row `close.empty` counts.',
  },
  {
    rows: ['pmd.data.server-fresh'],
    actual: /invalid distance/,
    title: 'A consequence',
    why: 'The answer to the offer leaves server_no_context_takeover out, which the row `pmd.neg.snct` counts.',
  },
  {
    rows: ['mask.unmasked-continuation', 'client.frame.masked-continuation'],
    actual: /message "Hel"/,
    labels: /^golang\.org\/x\/net/,
    title: 'A consequence',
    why: 'The first fragment, which is masked, comes back as a message of its own; the one without a mask ends the connection, as it must.',
  },
  {
    rows: ['inv.after-close', 'close.once'],
    actual: /^((close fin \d+ \(in [\w.-]+\)|and \d+ more)(; )?)+$/,
    title: 'A second Close',
    why: 'RFC 6455 §5.5.1: “The application MUST NOT send any more data frames after sending a Close frame.” A Close is no data frame.',
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
    why: 'These rows use a reserved opcode, or sum up other rows; the rows that are about it count it.',
  },
  {
    rows: ['close.reply-shape'],
    actual: /close fin masked/,
    labels: /^Qt . WebSockets$/,
    title: 'A consequence',
    why: 'Some of its Close frames are masked, which the row `mask.server-never` counts.',
  },
  {
    rows: ['len.*-65536-*', 'mask.phase-across-segments', 'frag.long-*', 'utf8.all-codepoints'],
    actual: /RST|Close 1009/,
    title: 'A limit',
    why: 'The message is longer than what the server accepts by default. Its Close 1009 was lost with the reset connection, or came late.',
  },
  {
    rows: ['pmd.data.*', 'pmd.frame.server-*', 'pmd.ab.*'],
    expected: /echo|inflates|decompresses/,
    labels: /^libwebsockets/,
    title: 'Not found out whose fault',
    why: 'A compressed message comes back changed. It may be the echo program, which takes a message for whole too early; without compression every message comes back as it was.',
  },
  {
    rows: ['hs.ok.concurrent-50'],
    actual: /the end of the stream without a/,
    title: 'A limit',
    why: 'Of fifty connections that open at the same time, some are reset before the handshake. No sentence says how many a server accepts.',
  },
  {
    rows: ['utf8.bom'],
    title: 'A byte order mark',
    why: 'The text type of the library drops it. No sentence of RFC 6455 is about it.',
  },
  {
    rows: ['ping.before-close'],
    expected: /pong/,
    actual: /^Close/,
    title: 'A pong that the Close made needless',
    why: 'RFC 6455 §5.5.2: “unless it already received a Close frame”. Ping and Close were in one segment.',
  },
]
