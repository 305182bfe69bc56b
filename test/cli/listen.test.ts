import { connect } from '../../src/index.ts'
import { runCommand, startCommand } from '../support/command.ts'
import { assert, suite } from '../support/unit.ts'
import { fetchPlain } from '../support/ws-client.ts'

const test = suite('cli/listen', { timeLimit: 60_000 })

for (const verb of ['serve', 'echo']) {
  test(`${verb} serves its statistics at /metrics`, async (t) => {
    const { address } = await startCommand(t, verb, '--port', '0')
    const http = address.replace('ws:', 'http:')
    const connection = await connect(`${address}/echo`)
    const { status, headers, body } = await fetchPlain(`${http}/metrics?x`)
    assert.is(status, 200)
    assert.match(headers['content-type']!, /^text\/plain; version=0\.0\.4/)
    assert.match(body, /^dwebsocket_connections 1$/m)
    assert.is((await fetchPlain(`${http}/metrics`, { method: 'POST' })).status === 200, false)
    connection.terminate()
  })

  test(`${verb} closes with 1001 on SIGTERM, prints how the connections ended and exits with 0`, async (t) => {
    const command = await startCommand(t, verb, '--port', '0', '--limit', 'maxBufferedAmount=100000000')
    let output = ''
    command.child.stdout!.on('data', (chunk) => {
      output += chunk
    })
    const connection = await connect(`${command.address}/echo`, { maxMessageSize: 10_000_000 })
    const sizes: number[] = []
    const closed = new Promise<number>((resolve) => {
      connection.onClose = ({ code }) => resolve(code)
    })
    const echoed = new Promise<void>((resolve) => {
      connection.onMessage = (data) => {
        sizes.push(data.length)
        if (sizes.length === 3) resolve()
      }
    })
    for (const size of [1, 200_000, 500_000]) connection.send('x'.repeat(size))
    await echoed
    const exited = command.stop()
    assert.is(await closed, 1001)
    assert.is(await exited, 0)
    assert.match(output, 'stopped 1 clean, 0 unclean, 0 cut')
  })

  test(`${verb} accepts limits on its command line, and exits with 2 for a name or value that is not allowed`, async (t) => {
    const { address } = await startCommand(t, verb, '--port', '0', '--limit', 'maxMessageSize=10')
    const connection = await connect(`${address}/echo`)
    const closed = new Promise<number>((resolve) => {
      connection.onClose = ({ code }) => resolve(code)
    })
    connection.send('eleven byte')
    assert.is(await closed, 1009)
    for (const [limit, message] of [
      ['maxFrames=many', "option --limit is 'maxFrames=many'; allowed: NAME=VALUE"],
      ['maxFrames=0', 'option maxFrames is 0; '],
    ] as const) {
      const { exitCode, stderr } = await runCommand(verb, '--port', '0', '--limit', limit)
      assert.is(exitCode, 2)
      assert.match(stderr, message)
      assert.not.match(stderr, '    at ')
    }
  })
}
