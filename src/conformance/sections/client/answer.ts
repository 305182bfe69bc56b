import {
  type Answer,
  type AnswerOptions,
  answerNext,
  buildAnswer,
  expectClientOpens,
  expectClientRefuses,
  expectClientStaysHttp,
  judgeRefusal,
  keyOf,
  receptionOf,
  sendAnswer,
} from '../../client/index.ts'
import { describeInbound, type Peer } from '../../peer/index.ts'
import { type Case, expectCleanClose, expectEcho, headInBytes, type Trial } from '../../script/index.ts'
import { acceptOf, encodeFrame, fieldValue, Op } from '../../wire/index.ts'

/** Makes a case with responses that the client must accept, one per connection. */
function accepted(id: string, ...answers: Answer[]): Case {
  return {
    id: `client.resp.${id}`,
    connections: answers.length,
    async run(t) {
      for (const answer of answers) await expectClientOpens(t, answer)
    },
  }
}

/** Makes a case with responses that the client must refuse, one per connection. */
function refused(id: string, ...answers: Answer[]): Case {
  return {
    id: `client.resp.${id}`,
    connections: answers.length,
    async run(t) {
      for (const answer of answers) await expectClientRefuses(t, answer)
    },
  }
}

function accepting(make: (accept: string, key: string) => string | string[]): Answer {
  return (request) => {
    const key = keyOf(request)
    return { set: { 'Sec-WebSocket-Accept': make(acceptOf(key), key) } }
  }
}

/** Inverts the case of the first letter of Sec-WebSocket-Accept. */
function otherCase(accept: string): string {
  return accept.replace(/[a-z]/i, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  )
}

const manyFields = Array.from({ length: 50 }, (_, index): [string, string] => [`X-Conf-${index + 1}`, 'v'])

const takenRows: Case[] = [
  accepted('ok', {}),
  accepted('names-case', { rename: (name) => name.toLowerCase() }, { rename: (name) => name.toUpperCase() }),
  accepted('values-case', { set: { Upgrade: 'WebSocket', Connection: 'upgrade' } }),
  accepted('connection-list', { set: { Connection: 'keep-alive, Upgrade' } }),
  accepted(
    'accept-ows',
    accepting((accept) => ` \t ${accept} \t `),
  ),
  accepted('reason', { statusLine: 'HTTP/1.1 101 X' }, { statusLine: 'HTTP/1.1 101 ' }),
  accepted('unknown-fields', { add: [...manyFields, ['Set-Cookie', 'a=b; Path=/']] }),
  accepted('dribble', { chop: headInBytes }),
  accepted(
    '100-first',
    { prefix: 'HTTP/1.1 100 Continue\r\n\r\n' },
    { prefix: 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n' },
  ),
]

const EARLY = 'early text'

/** Sends the first bytes of a text message in the same segment as the 101. */
async function sendWithAnswer(t: Trial, length: number): Promise<void> {
  let rest: Uint8Array = Buffer.alloc(0)
  const trailing = (peer: Peer): Buffer => {
    const frame = peer.frameBytes({ opcode: Op.TEXT, payload: EARLY })
    rest = frame.subarray(length)
    return frame.subarray(0, length)
  }
  const { peer } = await answerNext(t, { trailing })
  if (rest.length > 0) await peer.sendBytes(rest)
  await expectEcho(t, peer, EARLY)
  await expectCleanClose(t, peer)
}

const FRAME_LENGTH = encodeFrame({ opcode: Op.TEXT, payload: EARLY, mask: false }, () => Buffer.alloc(4)).length

const STATUSES: readonly [line: string, ...fields: [name: string, value: string][]][] = [
  ['204 No Content'],
  ['301 Moved Permanently', ['Location', '/moved'], ['Content-Length', '0']],
  ['302 Found', ['Location', '/moved'], ['Content-Length', '0']],
  ['307 Temporary Redirect', ['Location', '/moved'], ['Content-Length', '0']],
  ['401 Unauthorized', ['WWW-Authenticate', 'Basic realm="conf"'], ['Content-Length', '0']],
  ['403 Forbidden', ['Content-Length', '0']],
  ['404 Not Found', ['Content-Length', '0']],
  ['426 Upgrade Required', ['Sec-WebSocket-Version', '13'], ['Content-Length', '0']],
  ['500 Internal Server Error', ['Content-Length', '0']],
  ['503 Service Unavailable', ['Retry-After', '120'], ['Content-Length', '0']],
]

async function refuseStatuses(t: Trial): Promise<void> {
  for (const [line, ...fields] of STATUSES) {
    await expectClientStaysHttp(t, { statusLine: `HTTP/1.1 ${line}`, set: { Connection: 'close' }, add: fields })
  }
}

/** Sends a redirect to the same URL, as often as the client follows it. */
async function redirectForEver(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  let followed = 0
  for (let upgrade = await reception.next(t); followed <= MOST_REDIRECTS; followed++) {
    const { target } = upgrade.request
    await sendAnswer(upgrade.peer, upgrade.request, {
      statusLine: 'HTTP/1.1 302 Found',
      set: { Upgrade: null, Connection: 'close', 'Sec-WebSocket-Accept': null },
      add: [
        ['Location', target],
        ['Content-Length', '0'],
      ],
    })
    upgrade.peer.end()
    const again = await reception.arrived(t, { start: false, timeout: t.timeout / 2 }, null)
    if (again === null) break
    upgrade = again
  }
  t.observe('redirects_followed', followed)
  t.assert(followed <= MOST_REDIRECTS, 'a limit on redirects', `more than ${MOST_REDIRECTS} were followed`)
}

const MOST_REDIRECTS = 30

async function sendGarbage(t: Trial): Promise<void> {
  const upgrade = await receptionOf(t).next(t)
  upgrade.peer.startFrames()
  const bytes = t.random.bytes(512)
  bytes[0] = 0xff
  await upgrade.peer.sendBytes(bytes)
  upgrade.peer.end()
  const event = await upgrade.peer.nextMeaningful()
  t.require(event?.kind === 'end', 'no frame, and the end of the connection', describeInbound(event, t.timeout))
  t.assert(upgrade.events.find('open') === undefined, 'no “open” from the API', 'the API reports “open”')
}

/** Sends FIN before the 101, within it, and before its last line. */
async function endEarly(t: Trial): Promise<void> {
  for (const share of [0, 0.5, -2]) {
    const { peer, request, events } = await receptionOf(t).next(t)
    const head = buildAnswer(request)
    const end = share < 0 ? head.length + share : Math.floor(head.length * share)
    peer.startFrames()
    if (end > 0) await peer.sendBytes(head.subarray(0, end))
    peer.end()
    const event = await peer.nextMeaningful()
    t.require(event?.kind === 'end', 'no frame, and the end of the connection', describeInbound(event, t.timeout))
    t.assert(events.find('open') === undefined, 'no “open” from the API', 'the API reports “open”')
  }
}

async function neverAnswer(t: Trial): Promise<void> {
  const { peer } = await receptionOf(t).next(t)
  const began = performance.now()
  const end = await peer.waitForEnd(t.context.idle)
  const passed = Math.round(performance.now() - began)
  t.observe('handshake_timeout_ms', end === null ? `none within ${Math.round(t.context.idle)} ms` : passed)
}

const HUGE = 8 * 1024 * 1024

/** Sends a response head of up to 8 MiB. */
async function sendHugeHead(t: Trial): Promise<void> {
  const upgrade = await receptionOf(t).next(t)
  const { peer, request } = upgrade
  const head = buildAnswer(request).toString('latin1')
  peer.startFrames()
  await peer.sendBytes(Buffer.from(head.slice(0, -2), 'latin1'))
  const part = Buffer.from(`X-Conf: ${'a'.repeat(1024 - 10)}\r\n`.repeat(64), 'latin1')
  let sent = 0
  for (; sent < HUGE && !peer.ended; sent += part.length) await peer.sendBytes(part)
  t.note(peer.ended ? `ends the connection within ${Math.ceil(sent / 1024)} KiB` : 'accepts 8 MiB of fields')
  await peer.sendBytes(Buffer.from('\r\n'))
  await judgeRefusal(t, upgrade)
}

/** Checks what a client does after 426 with versions that it does not support. */
async function offerVersions(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  await answerNext(t, {
    statusLine: 'HTTP/1.1 426 Upgrade Required',
    set: { Upgrade: 'websocket', Connection: 'close', 'Sec-WebSocket-Accept': null },
    add: [
      ['Sec-WebSocket-Version', '13, 8'],
      ['Content-Length', '0'],
    ],
  }).then(({ peer }) => peer.end())
  const again = await reception.arrived(t, { start: false, timeout: t.timeout / 2 }, null)
  const version = again && fieldValue(again.request, 'sec-websocket-version')
  t.observe('retry_after_426', again === null ? 'none' : `with version ${version}`)
  t.assert(version === null || version === '13', 'no retry with a version other than 13', `version ${version}`)
}

const failedRows: Case[] = [
  {
    id: 'client.resp.status-200',
    run: (t) => expectClientStaysHttp(t, { statusLine: 'HTTP/1.1 200 OK', add: [['Content-Length', '0']] }),
  },
  { id: 'client.resp.status-xxx', connections: STATUSES.length, run: refuseStatuses },
  { id: 'client.resp.redirect-loop', run: redirectForEver },
  refused('http10', { statusLine: 'HTTP/1.0 101 Switching Protocols' }),
  { id: 'client.resp.garbage', run: sendGarbage },
  { id: 'client.resp.eof', connections: 3, run: endEarly },
  { id: 'client.resp.never', phase: 'idle', tags: ['idle'], run: neverAnswer },
  { id: 'client.resp.huge', run: sendHugeHead },
  refused('no-upgrade', { set: { Upgrade: null } }),
  refused('bad-upgrade', { set: { Upgrade: 'foo' } }, { set: { Upgrade: 'websocket2' } }),
  refused('no-connection', { set: { Connection: null } }),
  refused('bad-connection', { set: { Connection: 'close' } }, { set: { Connection: 'Upgradex' } }),
  refused('no-accept', { set: { 'Sec-WebSocket-Accept': null } }),
  refused(
    'bad-accept',
    accepting((accept) => acceptOf(accept)),
    accepting(() => ''),
    accepting(() => acceptOf('AAAAAAAAAAAAAAAAAAAAAA==')),
    accepting(otherCase),
  ),
  refused(
    'two-accept',
    accepting((accept) => [accept, acceptOf(accept)]),
  ),
  { id: 'client.resp.version-retry', run: offerVersions },
]

function withProtocol(...values: string[]): AnswerOptions {
  return { add: values.map((value): [string, string] => ['Sec-WebSocket-Protocol', value]) }
}

/** Accepts a client without the subprotocol that it requests. The client may accept or refuse that. */
async function agreeOnNone(t: Trial): Promise<void> {
  const { peer, request } = await receptionOf(t).next(t)
  const asked = fieldValue(request, 'sec-websocket-protocol')
  await sendAnswer(peer, request)
  if (asked === null) {
    await peer.sendClose(1000)
    t.skip('the client requests no subprotocol')
  }
  await peer.sendPing('accepted?')
  const event = await peer.nextMeaningful()
  t.observe('none_of_its_subprotocols', event?.kind === 'pong' ? 'accepted' : describeInbound(event, t.timeout))
}

const protocolRows: Case[] = [
  refused('proto-unasked', withProtocol('x-conf')),
  refused('proto-empty', withProtocol('')),
  refused('proto-two', withProtocol('x-conf', 'y-conf')),
  { id: 'client.resp.proto-none', run: agreeOnNone },
]

/** Which responses a client must accept or refuse (RFC 6455 §4.1, §4.2.2): `client.resp`. */
export const clientAnswer: Case[] = [
  ...takenRows,
  { id: 'client.resp.frame-with-101', run: (t) => sendWithAnswer(t, FRAME_LENGTH) },
  { id: 'client.resp.frame-split-101', run: (t) => sendWithAnswer(t, Math.floor(FRAME_LENGTH / 2)) },
  ...failedRows,
  ...protocolRows,
]
