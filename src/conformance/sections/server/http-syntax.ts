import { describeInbound } from '../../peer/index.ts'
import {
  type Case,
  describeAnswer,
  expectAccepted,
  expectAcceptedWith,
  expectAcceptOrReject,
  expectAlive,
  expectFailure,
  expectProbe,
  expectReject,
  type Handshake,
  type OpenOptions,
  onEach,
  type Trial,
} from '../../script/index.ts'
import { acceptOf, fieldValue, fieldValues, hex, Op } from '../../wire/index.ts'

type Fields = [name: string, value: string][]

/** Makes a case with malformed field lines. Expects 400; another refusal is a warning. */
function rejected(id: string, options: OpenOptions): Case {
  return { id: `hs.syntax.${id}`, run: async (t) => void expectReject(t, await t.handshake(options)) }
}

/** Expects 400, or a 101 that satisfies `check`. */
async function refusedOr(t: Trial, handshake: Handshake, check: (handshake: Handshake) => void): Promise<void> {
  if (handshake.response?.status !== 101) {
    expectReject(t, handshake)
    return
  }
  check(handshake)
  expectAccepted(t, handshake)
  await expectProbe(t, handshake.peer)
}

/** Inserts `line` as it is, directly after the request line. */
function firstLine(line: string): OpenOptions['rewrite'] {
  return (fields) => {
    const [[name, value], ...rest] = fields
    return [[`${line}\r\n${name}`, value], ...rest]
  }
}

async function foldKey(t: Trial): Promise<void> {
  const key = t.random.bytes(16).toString('base64')
  const handshake = await t.handshake({ set: { 'Sec-WebSocket-Key': `\r\n ${key}` } })
  await refusedOr(t, handshake, () => expectAcceptedWith(t, handshake, key))
}

/**
 * Puts a space before the colon of each field in turn, because a parser may treat the first and the last line
 * differently.
 */
async function sendSpaceBeforeColon(t: Trial): Promise<void> {
  const add: Fields = [['X-Conf', '1']]
  const names = t.request({ add }).fields.map(([name]) => name)
  await onEach(t, names, { name: (name) => `“${name} :”` }, async (spaced) => {
    const rewrite = (fields: Fields): Fields =>
      fields.map(([name, value]) => [name === spaced ? `${name} ` : name, value])
    expectReject(t, await t.handshake({ add, rewrite }), { statuses: [400] })
  })
}

/** NUL is refused or replaced with a space: Sec-WebSocket-Accept must not be that of a key with NUL (RFC 9110 §5.5). */
async function sendNulInKey(t: Trial): Promise<void> {
  const whole = t.random.bytes(16).toString('base64')
  const key = `${whole.slice(0, 12)}\0${whole.slice(13)}`
  const { response, peer } = await t.handshake({ key })
  const accept = response === null ? null : fieldValue(response, 'Sec-WebSocket-Accept')
  const shown = `${describeAnswer(response, peer)}${accept === null ? '' : `; Sec-WebSocket-Accept: ${accept}`}`
  t.require(response !== null || peer.ended, 'an answer, or the end of the connection', shown)
  t.require(accept !== acceptOf(key), 'NUL refused, or replaced by a blank', `${shown}, of a key with NUL`)
}

function noSubprotocol({ response }: Handshake, t: Trial, accepted: readonly string[]): void {
  const answer = response === null ? [] : fieldValues(response, 'Sec-WebSocket-Protocol')
  const fits = answer.length === 0 || (answer.length === 1 && accepted.includes(answer[0]))
  t.require(fits, 'no subprotocol that was not sent', answer.join(' | '))
}

/**
 * Sends a request with content. The server must read the content or refuse the request, and never read it as frames
 * (RFC 9112 §6).
 */
async function sendBody(t: Trial, fields: Fields, body: string): Promise<void> {
  const handshake = await t.handshake({
    add: fields,
    early: (peer) =>
      Buffer.concat([Buffer.from(body), peer.frameBytes({ opcode: Op.PING, payload: 'after the body' })]),
  })
  if (handshake.response?.status !== 101) {
    expectReject(t, handshake)
    return
  }
  const event = await handshake.peer.nextMeaningful()
  const isPong = event?.kind === 'pong' && event.frame.payload.toString() === 'after the body'
  t.require(isPong, 'a refusal, or a pong for the ping after the content', describeInbound(event, t.timeout))
}

/**
 * Contradictory lengths can smuggle a request. The request must be refused, and the bytes after it get no response (RFC
 * 9112 §6.3).
 */
async function sendTwoLengths(t: Trial): Promise<void> {
  const hidden = t.request()
  const body = Buffer.concat([Buffer.from('0\r\n\r\n'), hidden.bytes])
  const fields: Fields = [
    ['Content-Length', String(body.length)],
    ['Transfer-Encoding', 'chunked'],
  ]
  const handshake = await t.handshake({ add: fields, early: () => body })
  if (!expectReject(t, handshake) || handshake.response === null) return
  await handshake.peer.readBody(handshake.response)
  const second = await handshake.peer.readResponse()
  t.require(
    second === null,
    'one response, then the end',
    `a second response, to the bytes in the content: ${second?.statusLine}`,
  )
}

/** The beginning of a TLS 1.2 ClientHello, long enough to be recognized as invalid HTTP. */
const CLIENT_HELLO = '16030100c8010000c40303'

async function sendTlsToPlain(t: Trial): Promise<void> {
  if (t.context.target.secure) t.skip('only for ws targets')
  const peer = await t.connect()
  await peer.sendBytes(Buffer.concat([hex(CLIENT_HELLO), t.random.bytes(194)]))
  const response = await peer.readResponse()
  t.note(`answer: ${describeAnswer(response, peer)}`)
}

/**
 * Sends a line of random bytes and an empty line, for servers that read complete heads only. Further line ends would make
 * it depend on the random numbers what a server reads as the head.
 */
async function sendGarbage(t: Trial): Promise<void> {
  const peer = await t.connect()
  const garbage = Buffer.from(t.random.bytes(1024)).map((byte) => (byte === 0x0a || byte === 0x0d ? 0x2a : byte))
  await peer.sendBytes(Buffer.concat([garbage, Buffer.from('\r\n\r\n')]))
  const response = await peer.readResponse()
  const refused = response === null ? peer.ended : response.status >= 400
  t.require(refused, '400 or the end of the connection', describeAnswer(response, peer))
  peer.destroy()
  await expectAlive(t)
}

/** `GE` reads as FIN 0, RSV1, opcode 7 without a mask (RFC 6455 §5.1, §5.2). */
async function sendSecondRequest(t: Trial): Promise<void> {
  const peer = await t.open()
  await peer.sendHead(t.request().bytes)
  await expectFailure(t, peer, [1002])
}

/** The syntax of field lines, and the bytes after the head (RFC 9112 §2, §5): `hs.syntax`. */
export const httpSyntax: Case[] = [
  {
    id: 'hs.syntax.fold-unknown',
    run: async (t) => refusedOr(t, await t.handshake({ add: [['X-Conf', 'a\r\n b']] }), () => {}),
  },
  {
    id: 'hs.syntax.fold-protocol',
    run: async (t) =>
      refusedOr(t, await t.handshake({ add: [['Sec-WebSocket-Protocol', 'x-a,\r\n x-b']] }), (handshake) =>
        noSubprotocol(handshake, t, ['x-a', 'x-b']),
      ),
  },
  { id: 'hs.syntax.fold-key', run: foldKey },
  { id: 'hs.syntax.space-before-colon', run: sendSpaceBeforeColon },
  rejected('space-in-name', { add: [['X Conf', '1']] }),
  rejected('empty-name', { rewrite: firstLine(': value') }),
  rejected('no-colon', { rewrite: firstLine('garbage') }),
  {
    id: 'hs.syntax.leading-space-line',
    run: async (t) => refusedOr(t, await t.handshake({ rewrite: firstLine(' X-Conf: 1') }), () => {}),
  },
  {
    id: 'hs.syntax.nul-value',
    run: async (t) => refusedOr(t, await t.handshake({ add: [['X-Conf', 'a\0b']] }), () => {}),
  },
  { id: 'hs.syntax.nul-key', run: sendNulInKey },
  {
    id: 'hs.syntax.bare-cr',
    run: async (t) => refusedOr(t, await t.handshake({ add: [['X-Conf', 'a\rb']] }), () => {}),
  },
  { id: 'hs.syntax.lf-only', run: async (t) => void (await expectAcceptOrReject(t, { lineEnd: '\n' })) },
  { id: 'hs.syntax.ctl', run: async (t) => void (await expectAcceptOrReject(t, { add: [['X-Conf', 'a\x01b']] })) },
  rejected('name-nontoken', { add: [['X\x01Conf', '1']] }),
  {
    id: 'hs.syntax.bad-utf8-protocol',
    run: async (t) =>
      refusedOr(t, await t.handshake({ add: [['Sec-WebSocket-Protocol', '\xff\xfe']] }), (handshake) =>
        noSubprotocol(handshake, t, []),
      ),
  },
  { id: 'hs.syntax.body-length', run: (t) => sendBody(t, [['Content-Length', '5']], 'hello') },
  { id: 'hs.syntax.body-chunked', run: (t) => sendBody(t, [['Transfer-Encoding', 'chunked']], '0\r\n\r\n') },
  { id: 'hs.syntax.te-and-cl', run: sendTwoLengths },
  { id: 'hs.syntax.tls-on-plain', run: sendTlsToPlain },
  { id: 'hs.syntax.binary-garbage', run: sendGarbage },
  { id: 'hs.syntax.second-request', run: sendSecondRequest },
]
