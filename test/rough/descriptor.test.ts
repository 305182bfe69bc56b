// A server whose file descriptors run out.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('rough: descriptors')

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

test('survives running out of descriptors, and serves again when some are free', async (t) => {
  const child = spawn('sh', ['-c', 'ulimit -n 128; exec "$@"', 'sh', process.execPath, MAIN, 'echo', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  const port = Number(/:(\d+)\s*$/.exec(String(line))![1])
  const sockets: Socket[] = []
  for (let i = 0; i < 250; i++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await Promise.race([once(socket, 'connect'), once(socket, 'close')])
    sockets.push(socket)
  }
  assert.is(child.exitCode, null)
  await Promise.all(
    sockets.map((socket) => {
      const closed = socket.closed ? null : once(socket, 'close')
      socket.destroy()
      return closed
    }),
  )
  // The server may not have noticed yet that those connections are gone. Until then it closes what it cannot accept.
  let client = await RawClient.open(port)
  while (client.head === '') client = await RawClient.open(port)
  client.sendText('still served')
  await client.receive(1)
  assert.equal(client.texts, ['still served'])
  await client.close()
})
