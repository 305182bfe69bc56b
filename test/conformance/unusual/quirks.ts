const handshake = {
  'sends-many-fields': 'adds Server, Date, Set-Cookie and unknown fields to its 101 (RFC 9110 §5)',
  'names-in-lower-case': 'writes field names in lower case (RFC 9110 §5.1)',
  'names-in-upper-case': 'writes field names in upper case (RFC 9110 §5.1)',
  'values-in-other-case': 'writes “WebSocket” and “upgrade” (RFC 6455 §4.1: compared without case)',
  'lists-connection-options': 'answers “Connection: keep-alive, Upgrade” (RFC 9110 §7.6.1)',
  'no-reason-phrase': 'leaves the reason phrase empty (RFC 9112 §4)',
  'old-reason-phrase': 'says “101 Web Socket Protocol Handshake” (RFC 9112 §4: clients ignore it)',
  '101-in-three-segments': 'sends its 101 in three segments',
  '101-with-ping': 'sends a ping in the segment of its 101 (RFC 6455 §5.5.2)',
  'reads-early-bytes-as-request': 'answers bytes before its 101 with 400, as a request (RFC 6455 §4.1 forbids them)',
  'blanks-around-values': 'surrounds field values with blanks and tabs (RFC 9110 §5.5)',
  'limits-head-pieces': 'answers 408 to a request head in more than 64 pieces (RFC 6455 §10.4, RFC 9110 §15.5.9)',
  'reads-control-bytes-as-blanks': 'replaces NUL and other control bytes in a head by blanks (RFC 9110 §5.5)',
  'ignores-upgrade-of-other-methods': 'answers POST and other methods with 200, as plain HTTP (RFC 9110 §7.8)',
  'serves-its-host-only': 'answers 421 to a Host that is not its own (RFC 9110 §7.4)',
  'refuses-origins': 'answers 403 to every request with Origin (RFC 6455 §4.2.2)',
  'refuses-credentials': 'answers 401 to credentials that it does not know (RFC 6455 §4.2.2, RFC 9110 §15.5.2)',
  'redirects-cookies': 'answers 302 to a Cookie of no session (RFC 6455 §4.2.2)',
  'serves-no-query': 'answers 404 to a resource with a query (RFC 6455 §4.2.2)',
  'reads-sixteen-fields': 'answers 431 to a request with more than 16 fields (RFC 9110 §5.4, RFC 6585 §5)',
  'sends-early-hints': 'sends 103 and 102 before its 101 (RFC 9110 §15.2: a client reads interim responses)',
  'refuses-without-body': 'refuses without a body and without a length; the end of TCP ends it (RFC 9112 §6.3)',
  'refuses-version-with-400': 'refuses other versions with 400 and its list of versions (RFC 6455 §4.4: such as 426)',
} as const

const compression = {
  'no-deflate': 'declines permessage-deflate (RFC 7692 §5.1)',
  'deflate-without-own-context': 'adds server_no_context_takeover unasked (RFC 7692 §7.1.1.1)',
  'deflate-without-client-context': 'demands client_no_context_takeover (RFC 7692 §7.1.1.2)',
  'deflate-with-own-bits': 'adds server_max_window_bits=12 unasked (RFC 7692 §7.1.2.1)',
  'deflate-with-client-bits': 'demands client_max_window_bits=10 where it may (RFC 7692 §7.1.2.2)',
  'deflate-without-15': 'omits server_max_window_bits when the offer says 15 (RFC 7692 §7.1.2.1)',
  'sends-plain-although-agreed': 'agrees on compression and sends plain messages (RFC 7692 §6)',
  'sends-short-texts-plain': 'compresses only messages of 100 bytes and more (RFC 7692 §6)',
  'answers-pings-while-inflating': 'answers a ping while it decompresses the message before it (RFC 6455 §5.5)',
  'fragments-compressed': 'sends a compressed message in two frames, RSV1 on the first (RFC 7692 §6.1)',
} as const

const frames = {
  'fragments-echoes': 'sends each echo in three frames (RFC 6455 §5.4)',
  'sends-empty-fragments': 'begins and ends each echo with an empty frame (RFC 6455 §5.4)',
  'pings-between-fragments': 'sends a ping between the frames of an echo (RFC 6455 §5.4)',
  'sends-unsolicited-pongs': 'sends a pong after each message as a heartbeat (RFC 6455 §5.5.3)',
  'answers-pongs': 'answers each pong with a pong (RFC 6455 §5.5.3: at any time)',
  'strips-byte-order-mark': 'strips the byte order mark of a text (RFC 3629 §6)',
  'pings-after-messages': 'sends a ping after each message (RFC 6455 §5.5.2)',
  'sends-pong-before-answers': 'sends a heartbeat pong right before each answer to a ping (RFC 6455 §5.5.3)',
  'answers-newest-ping-only': 'answers only the newest of several pings (RFC 6455 §5.5.3)',
  'answers-no-ping-once-closed': 'answers pings a moment later, and none after a Close (RFC 6455 §5.5.2)',
  'writes-in-pieces': 'writes everything in pieces of 1,000 bytes',
  greets: 'sends a text message right after its 101 (RFC 6455 §4.2.2)',
  'writes-octets': 'writes each byte of a small frame as a segment of its own',
} as const

const slowness = {
  'answers-slowly': 'is twenty times as slow: 60 ms for each answer',
  'answers-very-slowly': 'needs 500 ms for each answer',
  'is-busy': 'blocks its event loop for 300 ms again and again',
} as const

const limits = {
  'limits-messages': 'accepts messages up to 1 MiB and fails larger ones with 1009 (RFC 6455 §7.4.1)',
  'limits-messages-by-policy': 'accepts messages up to 1 MiB and fails larger ones with 1008 (RFC 6455 §7.4.1)',
  'limits-messages-to-64k': 'accepts messages up to 64 KiB and fails larger ones with 1009 (RFC 6455 §7.4.1)',
  'limits-messages-to-1k': 'accepts messages up to 1 KiB and fails larger ones with 1009 (RFC 6455 §10.4)',
  'limits-fragments': 'fails the connection with 1008 after 20 fragments of a message (RFC 6455 §10.4)',
  'limits-number-of-messages': 'fails the connection with 1008 after 20 messages (RFC 6455 §7.4.1)',
  'resets-above-limit': 'resets TCP during a message above 64 KiB, as unread bytes do (RFC 6455 §10.4)',
  'resets-in-a-burst': 'resets a connection while 45 wait for a response, as a full queue does (RFC 6455 §10.4)',
  'limits-connections': 'serves 20 connections at once and answers 503 to others (RFC 9110 §15.6.4)',
  'serves-three-connections': 'serves three connections at once and answers 503 to others (RFC 9110 §15.6.4)',
  'closes-fourth-connection': 'serves three connections at once and closes others unread (RFC 6455 §10.4)',
  'limits-rate': 'answers 429 with Retry-After to more than 30 requests within a second (RFC 6585 §4)',
  'limits-control-frames': 'fails the connection with 1008 after 100 pings and pongs (RFC 6455 §7.4.1, §10.4)',
  'one-connection-at-a-time': 'serves one connection after the other',
} as const

const closing = {
  'answers-close-with-empty-close': 'answers a Close with a Close without a code (RFC 6455 §5.5.1)',
  'answers-close-with-1000': 'answers every Close with 1000 (RFC 6455 §5.5.1: the code is typically echoed)',
  'echoes-close-reason': 'answers a Close with its code and reason',
  'gives-reasons': 'gives a reason in the Close of a failed connection (RFC 6455 §7.1.6)',
  'waits-for-close-after-failing': 'ends TCP when the Close of a failed connection was answered (RFC 6455 §5.5.1)',
  'resets-after-failing': 'stops reading when it fails, so that TCP resets what arrives later',
  'sends-close-in-two-segments': 'sends the header and the body of a Close in two segments',
  'pings-after-close': 'sends a ping after its Close (RFC 6455 §5.5.1 forbids data frames)',
  'pongs-once-closed': 'sends a pong between a Close that it received and its own (RFC 6455 §5.5.2, §5.5.3)',
  'refuses-close-inside-message': 'answers a Close inside a message with 1002 (RFC 6455 §5.5.1)',
  'answers-fin-with-close': 'answers the end of TCP with Close 1001 (RFC 6455 §7.4.1)',
} as const

/**
 * Allowed behavior that a careless tester mistakes for a fault: what the server does, and the clause that allows it.
 */
export const quirks = { ...handshake, ...compression, ...frames, ...slowness, ...limits, ...closing } as const

/** Quirks because of which the tester waits in vain, so that they are tested with a short time limit. */
export const silentQuirks = {
  'ignores-fin': 'keeps a connection open after FIN (RFC 6455 §7.1.1 does not say when it ends)',
  'checks-whole-frames': 'reads a frame to its end before it refuses it (RFC 6455 §7.1.7 does not say when)',
  'ignores-faults-of-senders': 'ignores frames that only their sender must not send (RFC 6455 §5.4, §5.5, §10.7)',
} as const

/** The cases that meet these quirks, and those that may warn. */
export const silentTopics: Readonly<Record<keyof typeof silentQuirks, { selection: string; warned?: RegExp }>> = {
  'ignores-fin': { selection: 'close.fin-open,len.truncated-*,frag.unfinished-fin' },
  'checks-whole-frames': { selection: 'op.3-*,ctl,frag.orphan-empty-nofin,rsv.*' },
  'ignores-faults-of-senders': {
    selection: 'ctl,frag,len.msb-*,close.octets,op.3-*',
    warned: /^(?:ctl\.|frag\.(?:orphan-|interleaved$|\w+-inside-\w+$))/,
  },
}

/** The quirks that only clients have, each with its description. */
export const clientQuirks = {
  'repeats-after-401': 'repeats its request, with the same key, after a 401 (RFC 9110 §15.5.2)',
  'follows-redirects': 'follows redirects (RFC 6455 §4.1)',
  'supports-no-tls': 'fails for every wss: URI (RFC 6455 §3 defines two schemes)',
} as const

/** The quirks of servers that clients may have as well, by topic, with the cases that are most likely to fail wrongly. */
export const clientTopics: readonly { quirks: readonly Quirk[]; selection: string }[] = [
  { quirks: namesOf(clientQuirks), selection: 'client.req,client.resp' },
  {
    quirks: ['fragments-echoes', 'pings-between-fragments', 'sends-unsolicited-pongs', 'answers-newest-ping-only'],
    selection: 'client.ping,client.frag',
  },
  {
    quirks: ['sends-plain-although-agreed', 'sends-short-texts-plain', 'fragments-compressed'],
    selection: 'client.resp.pmd-*,client.frame.pmd-*',
  },
  {
    quirks: [
      'answers-close-with-empty-close',
      'answers-close-with-1000',
      'gives-reasons',
      'waits-for-close-after-failing',
      'pings-after-close',
    ],
    selection: 'client.close',
  },
]

export type Quirk = keyof typeof quirks | keyof typeof silentQuirks | keyof typeof clientQuirks

/**
 * The servers by topic, the slowest first, each with its quirks, and the cases that are most likely to fail wrongly. The
 * preset `quick` runs against all of them. A server has several quirks where they change different bytes of what it
 * sends, and where none of them makes a case skip that another one is about.
 */
export const topics: readonly { servers: readonly (readonly (keyof typeof quirks)[])[]; selection: string }[] = [
  {
    servers: [
      ['one-connection-at-a-time'],
      ['limits-messages', 'limits-control-frames'],
      ['limits-messages-by-policy', 'limits-connections'],
      ['limits-messages-to-64k'],
      ['limits-messages-to-1k'],
      ['limits-fragments'],
      ['limits-number-of-messages'],
      ['resets-above-limit', 'resets-in-a-burst'],
      ['serves-three-connections'],
      ['closes-fourth-connection'],
      ['limits-rate'],
    ],
    selection: 'ping,hs.ok,len,close,rsv,mask,utf8.*,frag,misc',
  },
  { servers: namesOf(slowness).map((name) => [name]), selection: 'quick' },
  {
    servers: [
      [
        'sends-many-fields',
        'names-in-lower-case',
        'values-in-other-case',
        'no-reason-phrase',
        '101-in-three-segments',
        'refuses-without-body',
        'reads-early-bytes-as-request',
        'sends-early-hints',
        'refuses-credentials',
      ],
      [
        'names-in-upper-case',
        'lists-connection-options',
        'old-reason-phrase',
        'blanks-around-values',
        '101-with-ping',
        'refuses-version-with-400',
        'serves-no-query',
        'redirects-cookies',
      ],
      [
        'limits-head-pieces',
        'reads-control-bytes-as-blanks',
        'ignores-upgrade-of-other-methods',
        'serves-its-host-only',
        'refuses-origins',
        'reads-sixteen-fields',
      ],
    ],
    selection: 'hs.ok,hs.resp,hs.ver,hs.method,hs.key,hs.host,hs.syntax',
  },
  {
    servers: [
      ['no-deflate'],
      ['deflate-without-own-context', 'deflate-with-client-bits', 'deflate-without-15'],
      ['deflate-without-client-context'],
      ['deflate-with-own-bits'],
      ['sends-plain-although-agreed'],
      ['sends-short-texts-plain'],
      ['fragments-compressed', 'answers-pings-while-inflating'],
      ['limits-messages-to-64k'],
      ['limits-messages-to-1k'],
    ],
    selection: 'pmd.neg,pmd.frame,pmd.data',
  },
  {
    servers: [
      ['fragments-echoes', 'sends-pong-before-answers', 'writes-in-pieces'],
      ['sends-empty-fragments', 'answers-newest-ping-only'],
      ['pings-between-fragments', 'greets'],
      ['pings-after-messages', 'answers-no-ping-once-closed'],
      ['sends-unsolicited-pongs', 'writes-octets'],
      ['answers-pongs', 'strips-byte-order-mark'],
    ],
    selection: 'len,ping,frag,misc,inv,utf8.bom',
  },
  {
    servers: [
      ['answers-close-with-empty-close', 'gives-reasons', 'answers-fin-with-close'],
      ['answers-close-with-1000', 'waits-for-close-after-failing'],
      ['echoes-close-reason', 'resets-after-failing'],
      ['pings-after-close', 'sends-close-in-two-segments'],
      ['pongs-once-closed', 'refuses-close-inside-message'],
    ],
    selection: 'close,rsv,op,ctl,mask,frag.unfinished-close,frag.long-close-inside',
  },
]

function namesOf<Name extends string>(table: Readonly<Record<Name, string>>): Name[] {
  return Object.keys(table) as Name[]
}
