import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { createCertificate } from '../../../src/conformance/client/certificate.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/client/certificate')

test('the certificate is for localhost, signed by itself, and valid now', () => {
  const certificate = new X509Certificate(createCertificate().cert)
  assert.is(certificate.checkHost('localhost'), 'localhost')
  assert.is(certificate.checkIP('127.0.0.1'), '127.0.0.1')
  assert.ok(certificate.verify(certificate.publicKey))
  assert.ok(Date.parse(certificate.validFrom) < Date.now() && Date.now() < Date.parse(certificate.validTo))
})

test('a client that trusts it connects, one that does not refuses', async (t) => {
  const certificate = createCertificate()
  const server = createServer(certificate, (socket) => socket.end())
  server.on('tlsClientError', () => {})
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const trusting = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: certificate.cert })
  t.after(() => trusting.destroy())
  await once(trusting, 'secureConnect')
  const doubting = connect({ port, host: '127.0.0.1', servername: 'localhost' })
  t.after(() => doubting.destroy())
  const [error] = await once(doubting, 'error')
  assert.is((error as NodeJS.ErrnoException).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
})
