import {
  type Case,
  expectAcceptAndProbe,
  expectAcceptedWith,
  expectAcceptOrReject,
  expectProbe,
  type OpenOptions,
  onEach,
  type Trial,
} from '../../script/index.ts'
import { credentialCase, originCases, queryCases, unknownFieldCase } from './allowed-refusal.ts'
import { handshakeConnections } from './handshake-connection.ts'

/** Makes a case with these differences from the minimal request. Expects 101 and a working connection. */
function accepted(id: string, options: (t: Trial) => OpenOptions): Case {
  return { id: `hs.ok.${id}`, run: (t) => expectAcceptAndProbe(t, options(t)) }
}

/** Makes a case whose request may also be refused. */
function acceptedOrNot(id: string, options: (t: Trial) => OpenOptions): Case {
  return { id: `hs.ok.${id}`, run: async (t) => void (await expectAcceptOrReject(t, options(t))) }
}

/** Makes a case with several connections. */
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

/** Alternates lower and upper case: `host` becomes `hOsT`. */
function oddCase(name: string): string {
  return [...name.toLowerCase()].map((letter, index) => (index % 2 === 1 ? letter.toUpperCase() : letter)).join('')
}

function connectionOf(value: string | string[]): OpenOptions {
  return { set: { Connection: value } }
}

/** Whitespace around a value is not part of it (RFC 9110 §5.5). */
async function surroundKey(t: Trial): Promise<void> {
  const key = t.random.bytes(16).toString('base64')
  const handshake = await t.handshake({ set: { 'Sec-WebSocket-Key': ` \t ${key} \t ` } })
  expectAcceptedWith(t, handshake, key)
  await expectProbe(t, handshake.peer)
}

/** Returns the authority of the target with another host or port. */
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
  unknownFieldCase,
  credentialCase,
  ...originCases,
  accepted('obs-text', () => ({ add: [['X-Conf', '\xe9\xff']] })),
  acceptedOrNot('origin-null', () => ({ add: [['Origin', 'null']] })),
  acceptedOrNot('origin-foreign', () => ({ add: [['Origin', 'http://other.example']] })),
  accepted('origin-missing', () => ({})),
  ...queryCases,
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

/** Requests that must be accepted (RFC 6455 §4.2.1): `hs.ok`. */
export const acceptedHandshakes: Case[] = [...fieldRows, ...handshakeConnections]
