import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificate, parseClientHello, receptionOf, sendAnswer } from '../../client/index.ts'
import { type Case, expectCleanClose, expectNoBreach, expectRoundTrip, type Trial } from '../../script/index.ts'

/** Skips the case: no sentence requires a client to support wss: URLs. */
function skipWithoutTls(t: Trial): never {
  t.skip('the client sends nothing for a wss: URL')
}

/** Returns the first TLS record of a client with a wss: URL. Skips the case when the client sends nothing. */
async function firstBytes(t: Trial): Promise<Buffer> {
  const reception = receptionOf(t)
  if (reception.agent.launcher === null) t.skip('needs --exec CMD with {url}')
  const sockets: Socket[] = []
  let settle: (bytes: Buffer) => void = () => {}
  const heard = new Promise<Buffer>((resolve) => {
    settle = resolve
  })
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0)
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes[0] !== 0x16 || parseClientHello(bytes) !== null) settle(bytes)
    })
    socket.on('end', () => settle(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as { port: number }
    const launched = reception.start(`wss://localhost:${port}/tls`)
    const ended = launched?.exited.then(() => null) ?? null
    const bytes = await Promise.race([heard, ended])
    return bytes === null || bytes.length === 0 ? skipWithoutTls(t) : bytes
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

async function beginWithTls(t: Trial): Promise<void> {
  const bytes = await firstBytes(t)
  t.require(bytes[0] === 0x16, 'a TLS handshake, first byte 16', bytes.toString('hex', 0, 40))
}

async function nameServer(t: Trial): Promise<void> {
  const bytes = await firstBytes(t)
  const name = parseClientHello(bytes)?.serverName ?? null
  t.require(name === 'localhost', 'server_name localhost', name ?? 'no server_name')
}

/** Uses an untrusted certificate. The client must not send a request. */
async function distrust(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  let connections = 0
  const port = await reception.listen(t, createCertificate(), () => connections++)
  const url = `wss://localhost:${port}/untrusted`
  const upgrade = await reception.arrived(t, { url, timeout: 5 * t.timeout }, reception.start(url))
  t.require(upgrade === null, 'no HTTP bytes', `${upgrade?.request.requestLine}`)
  if (connections === 0) skipWithoutTls(t)
}

/** Makes the client trust the certificate with the environment variables of Node and OpenSSL. */
async function maskOverTls(t: Trial): Promise<void> {
  const reception = receptionOf(t)
  const certificate = createCertificate()
  const port = await reception.listen(t, certificate)
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-conform-'))
  try {
    const path = join(folder, 'ca.pem')
    writeFileSync(path, certificate.cert)
    const url = `wss://localhost:${port}/masked`
    const launched = reception.start(url, { NODE_EXTRA_CA_CERTS: path, SSL_CERT_FILE: path })
    const upgrade = await reception.arrived(t, { url, timeout: 5 * t.timeout }, launched)
    if (upgrade === null) t.skip('the client uses neither NODE_EXTRA_CA_CERTS nor SSL_CERT_FILE')
    const { peer, request } = upgrade
    await sendAnswer(peer, request)
    await expectRoundTrip(t, peer, { payload: 'masked?' })
    await expectCleanClose(t, peer)
    expectNoBreach(t, 'client.frame.sends-masked')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** TLS of a client (RFC 6455 §4.1, §5.1): cases of `client.req` and `client.frame`. */
export const clientTls: Case[] = [
  { id: 'client.req.tls-first', connections: 0, run: beginWithTls },
  { id: 'client.req.tls-sni', connections: 0, run: nameServer },
  { id: 'client.req.tls-bad-cert', connections: 0, run: distrust },
  { id: 'client.frame.masked-tls', connections: 0, run: maskOverTls },
]
