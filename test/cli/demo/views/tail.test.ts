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

interface Told {
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

/** A page without a socket that reads as fast as the test says. */
class Page extends FakePeer {
  #onTold = (): void => {}

  override send(data: Parameters<FakePeer['send']>[0]): SendResult {
    const result = super.send(data)
    this.#onTold()
    return result
  }

  get last(): Told {
    return JSON.parse(String(this.received.at(-1)))
  }

  /** Waits until the last thing it was told `isWanted`. */
  told(isWanted: (told: Told) => unknown): Promise<void> {
    return new Promise((resolve) => {
      this.#onTold = () => {
        if (this.received.length > 0 && isWanted(this.last)) resolve()
      }
      this.#onTold()
    })
  }
}

/** Reads what a page is told until `isWanted`; resolves to that message and all entries up to it. */
async function hear(client: WsClient, isWanted: (told: Told) => unknown) {
  const entries: unknown[] = []
  for (;;) {
    const message = await client.next()
    if (message === null) throw new Error('the server closed')
    const told: Told = JSON.parse(String(message))
    entries.push(...(told.recent ?? told.entries ?? []))
    if (isWanted(told)) return { told, entries }
  }
}

test('several pages of one file share one follower and receive the same lines', async (t) => {
  const { path } = makeFile(t, 'one\ntwo\n')
  const { ws, errors } = await serve(t, { urls: tailUrls(() => 'page', [path]) })
  const first = await openWs(`${ws}/tail`)
  assert.equal((await hear(first, ({ size }) => size === 8)).entries, ['one', 'two'])
  const second = await openWs(`${ws}/tail/1`)
  const { told } = await hear(second, () => true)
  assert.equal(
    [told.files, told.number, told.recent, told.readBytes, told.readers],
    [['app.log'], 1, ['one', 'two'], 8, 2],
  )
  appendFileSync(path, 'three\nfour')
  for (const client of [first, second]) {
    const heard = await hear(client, ({ size }) => size === 18)
    assert.equal([heard.entries, heard.told.rest], [['three'], 'four'])
    // What was there, the look back for a file written anew, and what is new: once for both pages.
    assert.is(heard.told.readBytes, 8 + 8 + 10)
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
  await quick.told(({ size }) => size === 12)
  appendFileSync(path, 'missed\n'.repeat(50))
  await quick.told(({ size }) => size === 362)
  assert.is(slow.last.size, 12)
  slow.drain()
  await slow.told(({ entries }) => entries?.[0]?.event === 'missed')
  assert.equal(slow.last.entries, [{ event: 'missed', count: 50 }])
  assert.is(slow.last.size, 362)
  appendFileSync(path, 'after\n')
  await slow.told(({ size }) => size === 368)
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
