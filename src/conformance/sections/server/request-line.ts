import {
  type Case,
  describeAnswer,
  expectAcceptOrReject,
  expectAlive,
  expectProbe,
  expectReject,
  type OpenOptions,
  onEach,
  type Trial,
} from '../../script/index.ts'

function rejected(id: string, ...requests: ((t: Trial) => OpenOptions)[]): Case {
  return {
    id,
    async run(t: Trial) {
      await onEach(t, requests, {}, async (options) => void expectReject(t, await t.handshake(options(t))))
    },
  }
}

function reported(id: string, options: (t: Trial) => OpenOptions): Case {
  return { id, run: async (t) => void (await expectAcceptOrReject(t, options(t))) }
}

function pathOf(t: Trial): string {
  return t.context.target.base.path
}

function longQuery(t: Trial, length: number): OpenOptions {
  const start = `${pathOf(t)}?`
  return { target: start + 'a'.repeat(length - start.length) }
}

/** Makes a case with a very long request target. The server may accept or refuse it, and must continue to serve. */
function longTarget(id: string, length: number): Case {
  return {
    id,
    async run(t: Trial) {
      const { response, peer } = await t.handshake(longQuery(t, length))
      t.note(`answer: ${describeAnswer(response, peer)}`)
      if (response?.status === 101) await expectProbe(t, peer)
      await expectAlive(t)
    },
  }
}

/** A server may ignore Upgrade and process the method: any response except a 101 is allowed (RFC 9110 §7.8). */
const methods = ['post', 'put', 'delete', 'options', 'patch', 'trace'].map(
  (method): Case => ({
    id: `hs.method.${method}`,
    run: async (t) => void expectReject(t, await t.handshake({ method: method.toUpperCase() }), { anyAnswer: true }),
  }),
)

/** The case about HEAD, whose response has no content (RFC 9110 §9.3.2). */
const head: Case = {
  id: 'hs.method.head',
  async run(t: Trial) {
    const handshake = await t.handshake({ method: 'HEAD' })
    if (!expectReject(t, handshake, { anyAnswer: true })) return
    const { peer } = handshake
    // If the connection persists, a second request shows where the first response ended.
    await peer.sendHead(t.request({ method: 'HEAD' }).bytes)
    await peer.readResponse()
    const requirement = '9110-9.3.2-1'
    t.require(peer.unread.length === 0, 'no content in the response to HEAD', `${peer.unread.length} bytes`, {
      requirement,
    })
  },
}

/** The method and the request line (RFC 6455 §4.2.1, RFC 9112 §3): `hs.method`. */
export const requestLine: Case[] = [
  ...methods,
  head,
  rejected('hs.method.connect', (t) => ({ method: 'CONNECT', target: t.context.target.base.authority })),
  rejected('hs.method.lower', () => ({ method: 'get' })),
  rejected('hs.method.unknown', () => ({ method: 'FOO' })),
  rejected('hs.method.invalid-char', () => ({ method: 'GE(T' })),
  {
    id: 'hs.version.http10',
    run: async (t) => void expectReject(t, await t.handshake({ version: 'HTTP/1.0' }), { anyAnswer: true }),
  },
  rejected('hs.version.http09', () => ({ version: '' })),
  rejected('hs.version.http2-text', () => ({ version: 'HTTP/2.0' })),
  rejected(
    'hs.version.garbage',
    ...['HTTP/1.1x', 'HTTP/11', 'HTTP/1', 'HTTP/1.'].map((version) => () => ({ version })),
  ),
  rejected('hs.version.lower', () => ({ version: 'http/1.1' })),
  rejected('hs.target.empty', () => ({ target: '' })),
  rejected('hs.target.space', (t) => ({ target: `${pathOf(t)} x` })),
  rejected('hs.target.nul', (t) => ({ target: `${pathOf(t)}\0` })),
  reported('hs.target.raw-utf8', (t) => ({ target: `${pathOf(t)}?\xc3\xa4` })),
  reported('hs.target.bad-utf8', (t) => ({ target: `${pathOf(t)}?\xc3\x28` })),
  rejected('hs.target.fragment', (t) => ({ target: `${pathOf(t)}#x` })),
  reported('hs.target.bad-escape', (t) => ({ target: `${pathOf(t)}?%zz` })),
  reported('hs.target.asterisk', () => ({ target: '*' })),
  reported('hs.target.unknown', () => ({ target: '/conf-no-such-path' })),
  longTarget('hs.target.64k', 65_536),
  longTarget('hs.target.1m', 1_048_576),
]
