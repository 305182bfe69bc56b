import { describeInbound, type Peer } from '../../peer/index.ts'
import {
  type Case,
  describeAnswer,
  expectAcceptAndProbe,
  expectAccepted,
  expectAcceptedWith,
  expectAcceptOrReject,
  expectCleanClose,
  expectProbe,
  expectRoundTrip,
  isBusy,
  needEcho,
  type OpenOptions,
  onEach,
  type Trial,
} from '../../script/index.ts'
import { fieldTokens, Op, sleep } from '../../wire/index.ts'

/** A case that differs from H0, the plain request, by its request alone: `101 + probe`. */
function accepted(id: string, options: (t: Trial) => OpenOptions): Case {
  return { id: `hs.ok.${id}`, run: (t) => expectAcceptAndProbe(t, options(t)) }
}

/** A case that may also be refused. */
function acceptedOrNot(id: string, options: (t: Trial) => OpenOptions): Case {
  return { id: `hs.ok.${id}`, run: async (t) => void (await expectAcceptOrReject(t, options(t))) }
}

/** A case of several connections. */
function eachAccepted(id: string, options: (t: Trial) => OpenOptions[]): Case {
  return {
    id: `hs.ok.${id}`,
    async run(t) {
      await onEach(t, options(t), {}, (one) => expectAcceptAndProbe(t, one))
    },
  }
}

type Fields = [name: string, value: string][]

function renamed(rename: (name: string) => string): OpenOptions {
  return { rewrite: (fields) => fields.map(([name, value]): [string, string] => [rename(name), value]) }
}

/** `host` → `hOsT`. */
function oddCase(name: string): string {
  return [...name.toLowerCase()].map((letter, index) => (index % 2 === 1 ? letter.toUpperCase() : letter)).join('')
}

function connectionOf(value: string | string[]): OpenOptions {
  return { set: { Connection: value } }
}

const browserFields: Fields = [
  ['Pragma', 'no-cache'],
  ['Cache-Control', 'no-cache'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  ],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9'],
  ['Sec-Fetch-Dest', 'websocket'],
  ['Sec-Fetch-Mode', 'websocket'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
]

function originOf(t: Trial): string {
  return `${t.context.target.secure ? 'https' : 'http'}://${t.context.target.base.authority}`
}

/** Blanks around a value are no part of it (RFC 9110 §5.5). */
async function surroundKey(t: Trial): Promise<void> {
  const key = t.random.bytes(16).toString('base64')
  const handshake = await t.handshake({ set: { 'Sec-WebSocket-Key': ` \t ${key} \t ` } })
  expectAcceptedWith(t, handshake, key)
  await expectProbe(t, handshake.peer)
}

/** Which origins are accepted is a choice of the server (RFC 6455 §4.2.2, §10.2). */
function acceptedWithOrigin(id: string, fields: Fields): Case {
  return {
    id: `hs.ok.${id}`,
    async run(t) {
      const handshake = await t.handshake({ add: [...fields, ['Origin', originOf(t)]] })
      if (handshake.response?.status === 403) t.skip(`403: the target refuses the origin ${originOf(t)}`)
      expectAccepted(t, handshake)
      await expectProbe(t, handshake.peer)
    },
  }
}

function withQuery(t: Trial, query: string): OpenOptions {
  const { path } = t.context.target.base
  return { target: `${path}${path.includes('?') ? '&' : '?'}${query}` }
}

/** The authority of the target with another host or port. */
function otherHost(t: Trial, change: (host: string, port: string) => string): OpenOptions {
  const url = new URL(t.context.target.url)
  const port = url.port || (t.context.target.secure ? '443' : '80')
  return { set: { Host: change(url.hostname, port) } }
}

const fieldRows: Case[] = [
  accepted('minimal', () => ({})),
  accepted('accept-vector', () => ({ key: 'dGhlIHNhbXBsZSBub25jZQ==' })),
  accepted('key-zero', () => ({ key: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
  accepted('key-ff', () => ({ key: '/////////////////////w==' })),
  acceptedOrNot('key-rfc-example', () => ({ key: 'AQIDBAUGBwgJCgsMDQ4PEC==' })),
  { id: 'hs.ok.key-ows', run: surroundKey },
  accepted('names-lower', () => renamed((name) => name.toLowerCase())),
  accepted('names-upper', () => renamed((name) => name.toUpperCase())),
  accepted('names-mixed', () => renamed(oddCase)),
  accepted('order-reversed', () => ({ rewrite: (fields) => [...fields].reverse() })),
  eachAccepted('order-shuffled', (t) =>
    Array.from({ length: 10 }, () => ({ rewrite: (fields: Fields) => t.random.shuffle(fields) })),
  ),
  eachAccepted('upgrade-case', () =>
    ['WebSocket', 'WEBSOCKET', 'wEbSoCkEt'].map((value) => ({ set: { Upgrade: value } })),
  ),
  eachAccepted('connection-case', () => ['upgrade', 'UPGRADE'].map(connectionOf)),
  accepted('connection-list', () => connectionOf('keep-alive, Upgrade')),
  accepted('connection-list-tight', () => connectionOf('keep-alive,Upgrade')),
  accepted('connection-list-first', () => connectionOf('Upgrade, HTTP2-Settings')),
  accepted('connection-two-fields', () => connectionOf(['keep-alive', 'Upgrade'])),
  accepted('connection-empty-elements', () => connectionOf(', ,Upgrade,')),
  acceptedOrNot('upgrade-list-first', () => ({ set: { Upgrade: 'websocket, foo/1' } })),
  acceptedOrNot('upgrade-list-last', () => ({ set: { Upgrade: 'foo/1, websocket' } })),
  accepted('ows-none', () => ({ separator: ':' })),
  accepted('ows-tab', () => ({ set: { Upgrade: '\twebsocket \t' } })),
  accepted('unknown-fields', () => ({
    add: Array.from({ length: 20 }, (_, index): [string, string] => [`X-Conf-${index + 1}`, 'v']),
  })),
  accepted('cookie-auth', () => ({
    add: [
      ['Cookie', 'a=b'],
      ['Authorization', `Basic ${Buffer.from('conf:conf').toString('base64')}`],
    ],
  })),
  acceptedWithOrigin('browser-fields', browserFields),
  accepted('obs-text', () => ({ add: [['X-Conf', '\xe9\xff']] })),
  acceptedWithOrigin('origin-same', []),
  acceptedOrNot('origin-null', () => ({ add: [['Origin', 'null']] })),
  acceptedOrNot('origin-foreign', () => ({ add: [['Origin', 'http://other.example']] })),
  accepted('origin-missing', () => ({})),
  accepted('query', (t) => withQuery(t, 'a=1&b=%20')),
  accepted('target-2k', (t) => withQuery(t, 'a'.repeat(1990))),
  acceptedOrNot('target-7900', (t) => withQuery(t, 'a'.repeat(7890))),
  accepted('absolute-form', ({ context: { target } }) => ({
    target: `${target.secure ? 'https' : 'http'}://${target.base.authority}${target.base.path}`,
  })),
  acceptedOrNot('host-upper', (t) =>
    otherHost(t, (host, port) => `${/[a-z]/.test(host) ? host.toUpperCase() : 'LOCALHOST'}:${port}`),
  ),
  acceptedOrNot('host-other-port', (t) => otherHost(t, (host) => `${host}:1`)),
  acceptedOrNot('host-ipv6', (t) => otherHost(t, (_, port) => `[::1]:${port}`)),
  acceptedOrNot('http12', () => ({ version: 'HTTP/1.2' })),
  accepted('leading-crlf', () => ({ prefix: '\r\n' })),
  accepted('content-length-0', () => ({ add: [['Content-Length', '0']] })),
]

/** A server may limit the time of a request head: 408 is an answer of a cautious one (RFC 6455 §10.4, RFC 9110 §15.5.9). */
async function dribble(t: Trial): Promise<void> {
  const handshake = await t.handshake({ chop: { size: 1, pause: 1 } })
  if (handshake.response?.status === 408) {
    t.note('408: the time for a request head is limited')
    return
  }
  expectAccepted(t, handshake)
  await expectProbe(t, handshake.peer)
}

async function acceptRandomKeys(t: Trial): Promise<void> {
  const keys = Array.from({ length: 48 }, () => t.random.bytes(16).toString('base64'))
  for (const letter of ['+', '/']) {
    let key = ''
    while (!key.includes(letter)) key = t.random.bytes(16).toString('base64')
    keys.push(key)
  }
  await onEach(t, keys, { width: 10, name: (key) => `key ${key}` }, async (key) => {
    const handshake = await t.handshake({ key })
    expectAccepted(t, handshake)
    handshake.peer.destroy()
  })
}

/** H0 cut after byte k, a pause, the rest: for each of these k. */
async function splitAt(t: Trial, width: number, cuts: (length: number) => number[]): Promise<void> {
  const { length } = t.request().bytes
  await onEach(t, cuts(length), { width, name: (cut) => `cut after byte ${cut}` }, (cut) =>
    expectAcceptAndProbe(t, { chop: { size: [cut, length], pause: 10 } }),
  )
}

/** One field line per second. */
async function sendSlowly(t: Trial): Promise<void> {
  const peer = await t.connect()
  const request = t.request()
  const lines = request.bytes.toString('latin1').split(/(?<=\r\n)/)
  for (const [index, line] of lines.entries()) {
    if (index > 0) await sleep(800)
    if (peer.ended) break
    await peer.sendBytes(Buffer.from(line, 'latin1'))
  }
  const handshake = await t.readAnswer(peer, request)
  t.note(`answer: ${describeAnswer(handshake.response, peer)}`)
  if (handshake.response?.status === 101) await expectProbe(t, peer)
}

/** A first request that is refused or plain, then H0 on the same connection when it is still there. */
async function upgradeAfter(t: Trial, first: OpenOptions): Promise<void> {
  const { peer, response } = await t.handshake(first)
  t.require(response !== null, 'an answer to the first request', describeAnswer(response, peer))
  t.require(response.status !== 101, 'no 101 for the first request', response.statusLine)
  const body = await peer.readBody(response)
  const closes = fieldTokens(response, 'connection').includes('close')
  if (body === null || closes || peer.ended) {
    t.note(`the connection ends after the first answer (${response.statusLine})`)
    return
  }
  const second = await t.handshakeOn(peer)
  if (second.response === null && peer.ended) {
    t.note(`the connection ends after the first answer (${response.statusLine}) without announcing it`)
    return
  }
  expectAccepted(t, second)
  await expectProbe(t, peer)
}

/** Frames that travel with the request: what becomes of them is noted. */
async function sendEarly(t: Trial, early: (peer: Peer) => Buffer, rest?: (peer: Peer) => Promise<void>): Promise<void> {
  const { peer, response } = await t.handshake({ early })
  if (response?.status !== 101) {
    t.note(`answer: ${describeAnswer(response, peer)}`)
    return
  }
  await rest?.(peer)
  const events: string[] = []
  for (let event = await peer.nextMeaningful(); ; event = await peer.nextMeaningful()) {
    events.push(event === null ? 'silence: the rest of what was sent is lost' : describeInbound(event, t.timeout))
    if (event === null || event.kind === 'end' || (event.kind === 'message' && rest !== undefined)) break
    if (event.kind === 'message' && !early.name.includes('three')) break
  }
  t.note(`received: ${events.join(', ')}`)
}

/** A text frame in two pieces, the first of which travels with the request. */
async function sendSplitFrame(t: Trial): Promise<void> {
  let rest: Uint8Array = Buffer.alloc(0)
  const early = (peer: Peer): Buffer => {
    const frame = peer.frameBytes({ opcode: Op.TEXT, payload: 'early' })
    rest = frame.subarray(3)
    return frame.subarray(0, 3)
  }
  await sendEarly(t, early, (peer) => peer.sendBytes(rest))
}

/** Fifty connections whose requests are sent in interleaved halves. */
async function connectFifty(t: Trial): Promise<void> {
  const opened = await Promise.all(
    Array.from({ length: 50 }, async () => ({ peer: await t.connect(), request: t.request() })),
  )
  const half = Math.floor(opened[0].request.bytes.length / 2)
  for (const { peer, request } of opened) await peer.sendHead(request.bytes.subarray(0, half))
  for (const { peer, request } of opened) await peer.sendBytes(request.bytes.subarray(half))
  let busy = 0
  await Promise.all(
    opened.map(async ({ peer, request }) => {
      const handshake = await t.readAnswer(peer, request)
      if (isBusy(handshake.response)) {
        busy++
        return
      }
      expectAccepted(t, handshake)
      await expectProbe(t, peer)
    }),
  )
  if (busy > 0) t.skip(`the target serves ${opened.length - busy} of ${opened.length} connections at once`)
}

const connectionRows: Case[] = [
  { id: 'hs.ok.dribble', run: dribble },
  { id: 'hs.ok.accept-random', run: acceptRandomKeys },
  {
    id: 'hs.ok.keepalive-first',
    run: (t) => upgradeAfter(t, { rewrite: (fields) => fields.filter(([name]) => name === 'Host') }),
  },
  { id: 'hs.ok.after-reject', run: (t) => upgradeAfter(t, { set: { 'Sec-WebSocket-Key': null } }) },
  {
    id: 'hs.ok.split-everywhere',
    run: (t) => splitAt(t, 4, (length) => Array.from({ length: length - 1 }, (_, k) => k + 1)),
  },
  {
    id: 'hs.ok.split-crlf',
    phase: 'alone',
    tags: ['timing'],
    run: (t) => splitAt(t, 1, (length) => [4, 3, 2, 1].map((left) => length - left)),
  },
  { id: 'hs.ok.slow', phase: 'idle', tags: ['idle'], run: sendSlowly },
  {
    id: 'hs.ok.frame-with-request',
    needs: ['echo'],
    run: (t) => sendEarly(t, (peer) => peer.frameBytes({ opcode: Op.TEXT, payload: 'early' })),
  },
  {
    id: 'hs.ok.frames-with-request',
    needs: ['echo'],
    run: (t) =>
      sendEarly(t, function threeFrames(peer) {
        const ping = peer.frameBytes({ opcode: Op.PING, payload: 'early' })
        const text = peer.frameBytes({ opcode: Op.TEXT, payload: 'early' })
        return Buffer.concat([ping, text, peer.frameBytes({ opcode: Op.CLOSE, payload: Buffer.from([3, 0xe8]) })])
      }),
  },
  { id: 'hs.ok.frame-split-over-request', needs: ['echo'], run: sendSplitFrame },
  {
    id: 'hs.ok.frame-in-100-pieces',
    async run(t) {
      needEcho(t)
      const peer = await t.open()
      await expectRoundTrip(t, peer, { payload: t.random.text(100), chop: { size: 1 } })
      await expectCleanClose(t, peer)
    },
  },
  { id: 'hs.ok.concurrent-50', run: connectFifty },
]

/** Requests that have to be accepted (RFC 6455 §4.2.1): `hs.ok`. */
export const acceptedHandshakes: Case[] = [...fieldRows, ...connectionRows]
