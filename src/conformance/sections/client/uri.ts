import { lookup } from 'node:dns/promises'
import { createServer, type Socket } from 'node:net'
import { type InviteOptions, type PendingUpgrade, receptionOf, sendAnswer } from '../../client/index.ts'
import { type Case, expectProbe, type Trial } from '../../script/index.ts'
import { fieldValue, within } from '../../wire/index.ts'

/** Starts a client with this URL. `{place}` in it is replaced by the address of a port of the case. */
async function visitBy(t: Trial, pattern: string, invite: InviteOptions = {}): Promise<PendingUpgrade> {
  const reception = receptionOf(t)
  const port = await reception.listen(t)
  const host = new URL(reception.agent.base).hostname
  return reception.next(t, {
    ...invite,
    url: pattern.replace('{place}', `${host}:${port}`).replace('{port}', `${port}`),
  })
}

/** Makes a case with a URL and the expected request target. */
function targetRow(id: string, pattern: string, target: string): Case {
  return {
    id,
    connections: 0,
    async run(t: Trial) {
      const { peer, request } = await visitBy(t, pattern)
      t.require(request.target === target, `the request target ${target}`, request.target)
      await sendAnswer(peer, request)
      await expectProbe(t, peer)
    },
  }
}

/** A request has no fragment: the client refuses the URI or omits the fragment (RFC 6455 §3). */
async function sendFragment(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  const port = await reception.listen(t)
  const launched = reception.start(`${reception.agent.base.replace(/:\d+$/, `:${port}`)}/fragment#x`)
  const upgrade = await reception.arrived(t, { url: '' }, launched)
  if (upgrade === null) {
    t.note('refuses the URI')
    return
  }
  const { target } = upgrade.request
  t.assert(!target.includes('#'), 'a request target without the fragment', target)
  t.note('omits the fragment')
  await sendAnswer(upgrade.peer, upgrade.request)
  await upgrade.peer.sendClose(1000)
}

/**
 * Starts clients with invalid URIs, with which they must not connect. A connection for http: is only noted, because
 * browsers allow it.
 */
async function refuseUris(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  const port = await reception.listen(t)
  const { hostname } = new URL(reception.agent.base)
  const uris = ['ws://', `http://${hostname}:${port}/`, `ws://${hostname}:99999/`, `ws://${hostname}:${port}/#f`]
  for (const uri of uris) {
    const launched = reception.start(uri)
    const upgrade = await reception.arrived(t, { url: uri, timeout: 5 * t.timeout }, launched)
    if (upgrade === null) {
      t.assert(launched?.events.find('open') === undefined, `an error for ${uri}`, 'the API reports “open”')
      continue
    }
    const shown = `connects and requests ${upgrade.request.target}`
    if (uri.startsWith('http:')) t.note(`${uri}: ${shown}, as the WHATWG specifies for browsers`)
    else if (uri.endsWith('#f') && !upgrade.request.target.includes('#'))
      t.note(`${uri}: ${shown}, without the fragment`)
    else t.assert(false, `no connection for ${uri}`, shown)
    upgrade.peer.destroy()
  }
}

/**
 * Uses a non-ASCII host name. Under `localhost` it resolves to this machine if the resolver supports that (RFC 6761
 * §6.3).
 */
async function sendIdn(t: Trial): Promise<void> {
  const ascii = 'xn--bcher-kva.localhost'
  const reception = receptionOf(t)
  const port = await reception.listen(t)
  const known = await lookup(ascii).then(
    ({ address }) => address === new URL(reception.agent.base).hostname,
    () => false,
  )
  if (!known) t.skip(`${ascii} does not resolve to the tester's address here`)
  const { peer, request } = await reception.next(t, { url: `ws://bücher.localhost:${port}/` })
  const host = fieldValue(request, 'host') ?? ''
  t.require(host.toLowerCase() === `${ascii}:${port}`, `Host: ${ascii}:${port}`, `Host: ${host}`)
  await sendAnswer(peer, request)
  await expectProbe(t, peer)
}

/**
 * Sets a proxy with environment variables. The client requests a tunnel from it, then sends its request through the
 * tunnel.
 */
async function useProxy(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  if (reception.agent.launcher === null) t.skip('needs --exec CMD with {url}')
  const proxy = await openProxy()
  try {
    const address = `http://127.0.0.1:${proxy.port}`
    const env = { http_proxy: address, HTTP_PROXY: address, all_proxy: address, ALL_PROXY: address, no_proxy: '' }
    const launched = reception.start('ws://tester.invalid:9001/', { ...env, NO_PROXY: '' })
    const ended = launched?.exited.then(() => '') ?? proxy.asked
    const asked = await within(Promise.race([proxy.asked, ended]), 5 * t.timeout)
    if (asked === null) t.noteTimeout()
    if (!asked) t.skip('the client uses no proxy from http_proxy or ALL_PROXY')
    const isConnect = /^CONNECT tester\.invalid:9001 HTTP\/1\.1\r\n/.test(asked)
    t.assert(isConnect, 'CONNECT tester.invalid:9001 HTTP/1.1', asked.split('\r\n')[0])
  } finally {
    proxy.close()
  }
}

/** Accepts one connection, refuses its request with 407, and returns the head of the request. */
async function openProxy() {
  const sockets: Socket[] = []
  let settle: (head: string) => void = () => {}
  const received = new Promise<string>((resolve) => {
    settle = resolve
  })
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      settle(bytes.toString('latin1'))
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    asked: received,
    close(): void {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** How a client handles a URI (RFC 6455 §3, §4.1): the cases of `client.req` that need a special URL. */
export const clientUri: Case[] = [
  targetRow('client.req.query', 'ws://{place}?x', '/?x'),
  targetRow('client.req.hash', 'ws://{place}/a%23b', '/a%23b'),
  targetRow('client.req.escape', 'ws://{place}/ü ß', '/%C3%BC%20%C3%9F'),
  { id: 'client.req.fragment', connections: 0, run: sendFragment },
  { id: 'client.req.bad-uri', connections: 0, run: refuseUris },
  { id: 'client.req.idn', connections: 0, run: sendIdn },
  { id: 'client.req.proxy', connections: 0, run: useProxy },
]
