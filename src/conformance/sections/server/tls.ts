import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import type { Peer } from '../../peer/index.ts'
import {
  type Case,
  describeAnswer,
  expectAcceptAndProbe,
  expectAccepted,
  expectCleanClose,
  expectProbe,
  type Trial,
} from '../../script/index.ts'
import { type Chop, readingTurn, TimeLimit } from '../../wire/index.ts'

/** Performs TLS on a TCP connection. Returns the error when it fails. */
async function openTls(
  t: Trial,
  options: ConnectionOptions,
  watch?: (chunk: Buffer) => void,
): Promise<TLSSocket | Error> {
  const { target, timeout } = t.context
  const plain = await t.dial(true)
  const socket = watch === undefined ? plain.stream : tap(plain.stream as Socket, watch)
  return new Promise((resolve) => {
    const stream = connectTls({ ...target.tls, ...options, socket: socket as Socket })
    const time = new TimeLimit(timeout, () => {
      t.noteTimeout()
      stream.destroy(new Error(`no TLS handshake within ${timeout} ms`))
    })
    stream.once('error', (error) => {
      time.stop()
      plain.stream.destroy()
      resolve(error)
    })
    stream.once('secureConnect', () => {
      time.stop()
      resolve(stream)
    })
  })
}

/** Wraps a socket and passes its input to a callback before decryption. */
function tap(socket: Socket, watch: (chunk: Buffer) => void): Duplex {
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _, done) => void socket.write(chunk, (error) => done(error ?? null)),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Buffer) => {
    watch(chunk)
    if (!duplex.push(chunk)) socket.pause()
  })
  socket.on('end', () => duplex.push(null))
  socket.on('error', (error) => duplex.destroy(error))
  return duplex
}

function adopt(t: Trial, stream: TLSSocket): Peer {
  return t.adopt({ stream, reset: () => void stream.destroy() })
}

/** Performs the handshake with other TLS options and notes the outcome. */
async function report(t: Trial, options: ConnectionOptions): Promise<void> {
  const stream = await openTls(t, options)
  if (stream instanceof Error) {
    t.note(`no TLS session: ${stream.message}`)
    return
  }
  const certificate = stream.getPeerCertificate()
  t.note(
    `${stream.getProtocol()}, certificate of ${certificate.subject?.CN ?? 'nobody'}, ALPN ${stream.alpnProtocol || 'none'}`,
  )
  if (stream.alpnProtocol === 'h2') {
    stream.destroy()
    return
  }
  const peer = adopt(t, stream)
  const handshake = await t.handshakeOn(peer)
  t.note(describeAnswer(handshake.response, peer))
  if (handshake.response?.status === 101) await expectProbe(t, peer)
}

/** Sends an upgrade request without TLS to the TLS port. The response must not be a 101 (RFC 6455 §4.2.2). */
async function sendInClear(t: Trial): Promise<void> {
  const peer = await t.connect(true)
  await peer.sendHead(t.request().bytes)
  const response = await peer.readResponse()
  t.require(response?.status !== 101, '400 or the end of the connection', describeAnswer(response, peer))
  t.require(response !== null || peer.ended, '400 or the end of the connection', describeAnswer(response, peer))
}

/** One write is one record, also where TCP delivers several records together. */
const IN_RECORDS: Chop = { size: 1, settle: readingTurn }

/** Sends each byte in a separate record. */
async function sendByteRecords(t: Trial): Promise<void> {
  const handshake = await t.handshake({ chop: IN_RECORDS })
  expectAccepted(t, handshake)
  const { peer } = handshake
  await peer.sendFrame({ opcode: 9, payload: 'one byte per record' }, IN_RECORDS)
  await peer.expectPong(Buffer.from('one byte per record'))
  await expectProbe(t, peer)
}

/** Returns the types of the TLS records in a byte stream (RFC 5246 §6.2.1). */
function recordTypes(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at])
  return types
}

const ALERT = 21

/** Uses TLS 1.2, in which the record type shows an alert. In TLS 1.3 alerts look like data. */
async function expectCloseNotify(t: Trial): Promise<void> {
  const received: Buffer[] = []
  const stream = await openTls(t, { maxVersion: 'TLSv1.2' }, (chunk) => received.push(chunk))
  if (stream instanceof Error) t.skip(`no TLS 1.2 (the alert cannot be seen in TLS 1.3): ${stream.message}`)
  const peer = adopt(t, stream)
  expectAccepted(t, await t.handshakeOn(peer))
  await expectCleanClose(t, peer)
  const types = recordTypes(Buffer.concat(received))
  t.require(types.at(-1) === ALERT, 'close_notify as the last record before FIN', `last record of type ${types.at(-1)}`)
}

/** The opening handshake over TLS (RFC 6455 §4.2.2, §10.6): `hs.tls`. */
export const tlsHandshake: Case[] = [
  { id: 'hs.tls.basic', needs: ['tls'], run: (t) => expectAcceptAndProbe(t) },
  { id: 'hs.tls.plain-http', needs: ['tls'], run: sendInClear },
  {
    id: 'hs.tls.sni-unknown',
    needs: ['tls'],
    run: (t) => report(t, { servername: 'conf.invalid', rejectUnauthorized: false }),
  },
  { id: 'hs.tls.no-sni', needs: ['tls'], run: (t) => report(t, { servername: '', rejectUnauthorized: false }) },
  { id: 'hs.tls.alpn-http11', needs: ['tls'], run: (t) => report(t, { ALPNProtocols: ['h2', 'http/1.1'] }) },
  { id: 'hs.tls.records-1-byte', needs: ['tls'], run: sendByteRecords },
  { id: 'hs.tls.close-notify', needs: ['tls'], run: expectCloseNotify },
]
