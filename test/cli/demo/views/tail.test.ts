import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TailedFile } from '../../../../src/cli/demo/tailed-file.ts'
import { tailUrls } from '../../../../src/cli/demo/views/tail.ts'
import type { SendResult } from '../../../../src/connection/send/outgoing.ts'
import { FakePeer } from '../../../support/fake-session.ts'
import { serve } from '../../../support/session-server.ts'
import { assert, suite, type TestContext } from '../../../support/unit.ts'
import { openWs, refusedWs, type WsClient } from '../../../support/ws-client.ts'

const test = suite('file tail')

interface Update {
  files?: string[]
  number?: number
  recent?: unknown[]
  entries?: { event?: string; count?: number }[]
  size?: number
  readBytes?: number
  rest?: string
  readers?: number
}

function makeFile(t: TestContext, content: string) {
  const folder = mkdtempSync(join(tmpdir(), 'tail-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'app.log')
  writeFileSync(path, content)
  return { folder, path }
}

/** A page without a socket, which reads when the test calls `drain`. */
class Page extends FakePeer {
  #onUpdate = (): void => {}

  override send(data: Parameters<FakePeer['send']>[0]): SendResult {
    const result = super.send(data)
    this.#onUpdate()
    return result
  }

  get last(): Update {
    return JSON.parse(String(this.received.at(-1)))
  }

  /** Waits until `isWanted` accepts the last update. */
  updated(isWanted: (update: Update) => unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#onUpdate = () => {
        if (this.received.length > 0 && isWanted(this.last)) resolve()
      }
      this.#onUpdate()
    })
  }
}

/** Reads the updates of a page until `isWanted` accepts one. Resolves to that update and all entries up to it. */
async function hear(client: WsClient, isWanted: (update: Update) => unknown) {
  const entries: unknown[] = []
  for (;;) {
    const message = await client.next()
    if (message === null) throw new Error('the server closed')
    const update: Update = JSON.parse(String(message))
    entries.push(...(update.recent ?? update.entries ?? []))
    if (isWanted(update)) return { update, entries }
  }
}

test('several pages of one file share one follower and receive the same lines', async (t) => {
  const { path } = makeFile(t, 'one\ntwo\n')
  const { ws, errors } = await serve(t, { urls: tailUrls(() => 'page', [path]) })
  const first = await openWs(`${ws}/tail`)
  assert.equal((await hear(first, ({ size }) => size === 8)).entries, ['one', 'two'])
  const second = await openWs(`${ws}/tail/1`)
  const { update } = await hear(second, () => true)
  assert.equal(
    [update.files, update.number, update.recent, update.readBytes, update.readers],
    [['app.log'], 1, ['one', 'two'], 8, 2],
  )
  appendFileSync(path, 'three\nfour')
  for (const client of [first, second]) {
    const heard = await hear(client, ({ size }) => size === 18)
    assert.equal([heard.entries, heard.update.rest], [['three'], 'four'])
    // The old and the new content, read once for both pages: this is the size of the file.
    assert.is(heard.update.readBytes, 8 + 10)
  }
  second.socket.close()
  await hear(first, ({ readers }) => readers === 1)
  assert.equal(errors, [])
})

test('each named file has a path, and no other file has one', async (t) => {
  const { folder, path } = makeFile(t, 'one\n')
  const other = join(folder, 'other.log')
  writeFileSync(other, 'other\n')
  const { ws } = await serve(t, { urls: tailUrls(() => 'page', [path, other]) })
  const client = await openWs(`${ws}/tail/2`)
  assert.equal((await hear(client, ({ size }) => size === 6)).entries, ['other'])
  for (const name of ['3', '0', '..%2Fapp.log', encodeURIComponent(path)]) {
    assert.is((await refusedWs(`${ws}/tail/${name}`)).status, 404, name)
  }
})

test('without a file the page receives an empty list', async (t) => {
  const { ws } = await serve(t, { urls: tailUrls(() => 'page', []) })
  const client = await openWs(`${ws}/tail`)
  assert.equal(JSON.parse(String(await client.next())), { files: [] })
})

test('a page that does not read is skipped, and receives the number of lines it missed', async (t) => {
  const { path } = makeFile(t, '')
  const file = new TailedFile(path, {})
  const [slow, quick] = [new Page(), new Page()]
  const stays = [file.follow(slow.session), file.follow(quick.session)]
  slow.bufferedAmount = 256 * 1024 + 1
  appendFileSync(path, 'last before\n')
  await quick.updated(({ size }) => size === 12)
  appendFileSync(path, 'missed\n'.repeat(50))
  await quick.updated(({ size }) => size === 362)
  assert.is(slow.last.size, 12)
  slow.drain()
  await slow.updated(({ entries }) => entries?.[0]?.event === 'missed')
  assert.equal(slow.last.entries, [{ event: 'missed', count: 50 }])
  assert.is(slow.last.size, 362)
  appendFileSync(path, 'after\n')
  await slow.updated(({ size }) => size === 368)
  assert.equal(slow.last.entries, ['after'])
  slow.end()
  quick.end()
  await Promise.all(stays)
})

test('of a burst the newest thousand lines are sent, and the number of omitted ones', async (t) => {
  const { path } = makeFile(t, '')
  const { ws } = await serve(t, { urls: tailUrls(() => 'page', [path]) })
  const client = await openWs(`${ws}/tail`)
  await hear(client, ({ entries }) => entries !== undefined)
  appendFileSync(path, Array.from({ length: 1500 }, (_, number) => `${number}\n`).join(''))
  const { entries } = await hear(client, ({ entries }) => entries?.length)
  assert.is(entries.length, 1000)
  assert.equal([entries[0], entries[1], entries[999]], [{ event: 'omitted', count: 501 }, '501', '1499'])
})
