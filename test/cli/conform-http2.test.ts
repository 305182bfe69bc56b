import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { runCommand, startCommand } from '../support/command.ts'
import { openssl, testWith } from '../support/need.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('cli/conform over HTTP/2')

testWith(test, openssl)('runs its cases on streams, but for those of the handshake of HTTP/1.1', async (t) => {
  const { address } = await startCommand(t, 'echo', '--http2', '--port', '0')
  const cases = ['-c', 'hs.ok.minimal,mask,rsv']
  const { exitCode, stdout } = await runCommand('conform', address, '--http2', '--insecure', ...cases, '--strict')
  assert.is(exitCode, 0, stdout)
  assert.match(stdout, /mask 25\/25/)
  assert.match(stdout, /1 skipped/)
})

testWith(test, openssl)('echo --http2 passes the group h2 and the fields of the handshake strictly', async (t) => {
  const { address } = await startCommand(t, 'echo', '--http2', '--port', '0')
  const cases = ['-c', 'h2,hs.ver,hs.proto,hs.ext,inv']
  const { exitCode, stdout } = await runCommand('conform', address, '--http2', '--insecure', ...cases, '--strict')
  assert.is(exitCode, 0, stdout)
  assert.match(stdout, /h2 62\/62/)
  assert.match(stdout, /hs 46\/46/)
})

test('says that a server does not announce WebSockets over HTTP/2', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { exitCode, stdout, stderr } = await runCommand('conform', url, '--http2', '-c', 'mask')
  assert.is(exitCode, 3)
  assert.match(stdout + stderr, 'SETTINGS_ENABLE_CONNECT_PROTOCOL')
})
