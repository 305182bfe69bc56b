import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sendAnswer } from '../../client/answer.ts'
import { createCertificate } from '../../client/certificate.ts'
import { parseClientHello } from '../../client/client-hello.ts'
import { visitsOf } from '../../client/pending-upgrade.ts'
import type { Case } from '../../script/case.ts'
import { cleanClose } from '../../script/expect-close.ts'
import { echo } from '../../script/expect-echo.ts'
import { judgeBreaches } from '../../script/expect-frame.ts'
import type { Trial } from '../../script/trial.ts'

/** The first bytes of a client that was given a wss: URL, as far as they make a record; null when none come. */
async function firstBytes(t: Trial): Promise<Buffer | null> {
  const visits = visitsOf(t)
  if (visits.agent.launcher === null) t.skip('needs --exec CMD with {url}')
  const sockets: Socket[] = []
  let tell: (bytes: Buffer) => void = () => {}
  const heard = new Promise<Buffer>((resolve) => {
    tell = resolve
  })
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0)
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes[0] !== 0x16 || parseClientHello(bytes) !== null) tell(bytes)
    })
    socket.on('end', () => tell(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as { port: number }
    const launched = visits.start(`wss://localhost:${port}/tls`)
    const ended = launched?.exited.then(() => null) ?? null
    return await Promise.race([heard, ended])
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

async function beginWithTls(t: Trial): Promise<void> {
  const bytes = await firstBytes(t)
  const shown = bytes === null ? 'no connection' : bytes.toString('hex', 0, 40)
  t.require(bytes !== null && bytes[0] === 0x16, 'a TLS handshake, first byte 16', shown)
}

async function nameServer(t: Trial): Promise<void> {
  const bytes = await firstBytes(t)
  t.require(bytes !== null, 'a ClientHello', 'no connection')
  const name = parseClientHello(bytes)?.serverName ?? null
  t.require(name === 'localhost', 'server_name localhost', name ?? 'no server_name')
}

/** A certificate that nobody has signed: not one byte of HTTP may follow. */
async function distrust(t: Trial): Promise<void> {
  const visits = visitsOf(t)
  let connections = 0
  const port = await visits.listen(t, createCertificate(), () => connections++)
  const url = `wss://localhost:${port}/untrusted`
  const visit = await visits.arrived(t, { url, timeout: 5 * t.timeout }, visits.start(url))
  t.require(visit === null, 'no HTTP bytes', `${visit?.request.requestLine}`)
  t.require(connections > 0, 'a connection', 'none came')
}

/** The certificate is made known to the client by the usual variables of Node and OpenSSL. */
async function maskOverTls(t: Trial): Promise<void> {
  const visits = visitsOf(t)
  const certificate = createCertificate()
  const port = await visits.listen(t, certificate)
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-conform-'))
  try {
    const path = join(folder, 'ca.pem')
    writeFileSync(path, certificate.cert)
    const url = `wss://localhost:${port}/masked`
    const launched = visits.start(url, { NODE_EXTRA_CA_CERTS: path, SSL_CERT_FILE: path })
    const visit = await visits.arrived(t, { url, timeout: 5 * t.timeout }, launched)
    if (visit === null) t.skip('the client trusts neither NODE_EXTRA_CA_CERTS nor SSL_CERT_FILE')
    const { peer, request } = visit
    await sendAnswer(peer, request)
    await echo(t, peer, { payload: 'masked?' })
    await cleanClose(t, peer)
    judgeBreaches(t, 'client.frame.sends-masked')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** TLS as a client has to speak it (RFC 6455 §4.1, §5.1): rows of `client.req` and `client.frame`. */
export const clientTls: Case[] = [
  { id: 'client.req.tls-first', connections: 0, run: beginWithTls },
  { id: 'client.req.tls-sni', connections: 0, run: nameServer },
  { id: 'client.req.tls-bad-cert', connections: 0, run: distrust },
  { id: 'client.frame.masked-tls', connections: 0, run: maskOverTls },
]
