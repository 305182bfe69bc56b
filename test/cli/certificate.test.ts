import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readHttp2Options } from '../../src/cli/certificate.ts'
import { UsageError } from '../../src/cli/usage.ts'
import { makeCertificate } from '../support/certificate.ts'
import { startCommand } from '../support/command.ts'
import { openSession, requestWebSocket } from '../support/http2-client.ts'
import { openssl, testWith } from '../support/need.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { frame, unmasked } from '../support/wire.ts'
import { openWs } from '../support/ws-client.ts'

const test = testWith(suite('cli/certificate'), openssl)

test('makes a certificate for localhost when none is given', () => {
  assert.equal(readHttp2Options({ http2: false }), {})
  const { http2 } = readHttp2Options({ http2: true })
  const certificate = new X509Certificate((http2 as { cert: Buffer }).cert)
  assert.is(certificate.checkHost('localhost'), 'localhost')
  assert.is(certificate.checkIP('127.0.0.1'), '127.0.0.1')
})

test('reads the certificate that is given, and says what is missing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const made = makeCertificate()
  writeFileSync(cert, made.cert)
  writeFileSync(key, made.key)
  assert.equal(readHttp2Options({ http2: true, cert, key }), { http2: made })
  const wrong = [
    { http2: true, cert },
    { http2: true, key },
    { http2: false, cert, key },
  ]
  for (const values of [...wrong, { http2: true, cert: join(folder, 'nothing'), key }]) {
    assert.instance(await thrownBy(() => readHttp2Options(values)), UsageError)
  }
})

test('echo --http2 echoes over HTTP/2 and over HTTP/1.1', async (t) => {
  const { address, stop } = await startCommand(t, 'echo', '--http2', '--port', '0')
  const { protocol, port } = new URL(address)
  assert.is(protocol, 'wss:')
  const session = await openSession(t, { port })
  const socket = await requestWebSocket(session).answer()
  socket.stream.write(frame(1, 'hello'))
  assert.is(await socket.receive(7), unmasked(1, 'hello').toString('hex'))
  const other = await openWs(address, [], { rejectUnauthorized: false })
  other.send('hello')
  assert.is(await other.next(), 'hello')
  const exitCode = stop()
  assert.match(await other.closed, /^1001/)
  assert.is((await socket.receive(11)).slice(14, 22), '880203e9')
  socket.stream.end(frame(8, Buffer.from([0x03, 0xe9])))
  assert.is(await exitCode, 0)
})
