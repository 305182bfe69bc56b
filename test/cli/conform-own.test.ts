import { isFastEnabled } from '../../src/fast/enabled.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { fastPath, openssl, testWith } from '../support/need.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('cli/conform on the own server', { timeLimit: 300_000 })

/** The portable way runs `core` on both APIs. The other tests take minutes and need not run in both ways. */
const oneWay = fastPath(isFastEnabled)

/** Starts an echo server and runs cases on it as a user does, with the patience that a busy machine needs. */
async function conforms(t: TestContext, echo: readonly string[], conform: readonly string[]): Promise<void> {
  // A busy machine may send the pieces of a case more slowly than a peer should.
  const { address } = await startCommand(t, 'echo', '--port', '0', '--limit', 'minPayloadRate=0', ...echo)
  const options = ['--strict', '--timeout', '20', ...conform]
  const { exitCode, stdout } = await runCommand('conform', address, ...options)
  assert.is(exitCode, 0, stdout)
  assert.match(stdout, 'verdict: CONFORMING')
  assert.match(stdout, 'strict: conforming')
}

test('the callbacks pass core strictly', (t) => conforms(t, [], []))

// The messages of pmd.ab and utf8 test the same code over each transport.
test('the session API passes core strictly', (t) => conforms(t, ['--api', 'session'], ['-x', 'pmd.ab,utf8']))

testWith(test, oneWay)('the callbacks pass the preset autobahn strictly', (t) => conforms(t, [], ['-c', 'autobahn']))

testWith(
  test,
  oneWay,
  openssl,
)('both APIs pass core strictly over TLS', async (t) => {
  for (const api of ['connection', 'session']) {
    await conforms(t, ['--http2', '--api', api], ['--insecure', '-x', 'pmd.ab,utf8'])
  }
})

testWith(
  test,
  oneWay,
  openssl,
)('both APIs pass core strictly over HTTP/2', async (t) => {
  for (const api of ['connection', 'session']) {
    await conforms(t, ['--http2', '--api', api], ['--http2', '--insecure', '-x', 'pmd.ab,utf8'])
  }
})
