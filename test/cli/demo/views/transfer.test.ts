import { createHash } from 'node:crypto'
import { DiskSpace } from '../../../../src/cli/demo/uploaded-file.ts'
import { transfer } from '../../../../src/cli/demo/views/transfer.ts'
import { serve } from '../../../support/session-server.ts'
import { until } from '../../../support/tick.ts'
import { assert, suite, type TestContext } from '../../../support/unit.ts'
import { openWs } from '../../../support/ws-client.ts'

const test = suite('file transfer')

const FULL = 5_000_000

async function open(t: TestContext) {
  const disk = new DiskSpace(FULL)
  const served = await serve(t, { urls: { '/': transfer(() => null, disk) } })
  const client = await openWs(served.ws)
  t.after(() => client.socket.terminate())
  /** Resolves to the next text that is not a report about an upload in progress. */
  const news = async (): Promise<Record<string, unknown>> => {
    for (;;) {
      const message = JSON.parse(String(await client.next()))
      if (message.digest !== undefined || message.from !== undefined) return message
    }
  }
  const command = (data: unknown): void => client.socket.send(JSON.stringify(data))
  return { ...served, disk, client, news, command, isFree: () => disk.take(FULL) }
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('stores what it receives in parts, and sends it back from any offset', async (t) => {
  const { client, news, command } = await open(t)
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251))
  for (let at = 0; at < bytes.length; at += 100_000)
    client.socket.send(bytes.subarray(at, at + 100_000), { fin: at === 900_000 })
  assert.equal(await news(), { size: bytes.length, digest: digestOf(bytes), isStored: true })
  for (const from of [0, 300_001, bytes.length]) {
    command({ from })
    assert.equal(await news(), { from })
    const pieces: Buffer[] = []
    for (let size = from; size < bytes.length; size += pieces.at(-1)!.length)
      pieces.push((await client.next()) as Buffer)
    assert.ok(Buffer.concat(pieces).equals(bytes.subarray(from)))
  }
})

test('ignores offsets that are none, and commands before the first file', async (t) => {
  const { client, news, command } = await open(t)
  for (const from of [1, -1, 0.5, '0', null]) command({ from })
  client.socket.send('no JSON')
  client.socket.send(Buffer.from('x'))
  assert.is((await news())['size'], 1)
  for (const from of [2, -1, 0.5, '0', null]) command({ from })
  command({ from: 1 })
  assert.equal(await news(), { from: 1 })
})

test('hashes a file for which there is no room, and does not store it', async (t) => {
  const { client, news, command, isFree } = await open(t)
  const bytes = Buffer.alloc(FULL + 1, 'words')
  client.socket.send(bytes)
  assert.equal(await news(), { size: bytes.length, digest: digestOf(bytes), isStored: false })
  assert.ok(isFree())
  command({ from: 0 })
  client.socket.send(Buffer.from('next'))
  assert.is((await news())['size'], 4)
})

test('stores no file twice, and frees the disk when the page closes, also in the middle of an upload', async (t) => {
  const { ws, client, news, disk, isFree, errors } = await open(t)
  for (let count = 0; count < 3; count++) {
    client.socket.send(Buffer.alloc(3_000_000))
    assert.is((await news())['isStored'], true)
  }
  assert.not(isFree())
  const other = await openWs(ws)
  other.socket.send(Buffer.alloc(1_500_000), { fin: false })
  await until(() => {
    const hasRoom = disk.take(1_000_000)
    if (hasRoom) disk.release(1_000_000)
    return !hasRoom
  })
  other.socket.terminate()
  client.socket.close()
  await until(isFree)
  assert.equal(errors, [])
})
