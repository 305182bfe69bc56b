import { Roster } from '../../../src/cli/demo/roster.ts'
import { require_websocket } from '../../../src/index.ts'
import { serve } from '../../support/session-server.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'
import { openWs, type WsClient } from '../../support/ws-client.ts'

const test = suite('roster')

async function serveRoster(t: TestContext) {
  const roster = new Roster('test ', undefined)
  const { ws } = await serve(t, {
    urls: {
      '/:place': require_websocket(async ({ params, query, websocket }) => {
        roster.enter(params.place, websocket, [query.get('id'), query.get('name')])
        await websocket.wait()
      }),
    },
  })
  return (place: string, id: number, name: string) => openWs(`${ws}/${place}?id=${id}&name=${name}`)
}

/** Reads until the number of people is `wanted`, and returns their list. */
async function listOf(client: WsClient, wanted: number): Promise<unknown> {
  for (;;) {
    const { count, people } = JSON.parse(String(await client.next()))
    if (count === wanted) return people
  }
}

test('everyone in a place receives the list of people when it changes', async (t) => {
  const open = await serveRoster(t)
  const ann = await open('here', 2, 'Ann')
  assert.equal(await listOf(ann, 1), [['2', 'Ann']])
  const ben = await open('here', 1, 'Ben')
  await open('elsewhere', 3, 'Eve')
  const both = [
    ['1', 'Ben'],
    ['2', 'Ann'],
  ]
  for (const client of [ann, ben]) assert.equal(await listOf(client, 2), both)
  ben.socket.close()
  assert.equal(await listOf(ann, 1), [['2', 'Ann']])
})

test('a person with two sessions is listed once and counted twice', async (t) => {
  const open = await serveRoster(t)
  const ann = await open('here', 1, 'Ann')
  await open('here', 1, 'Ann')
  assert.equal(await listOf(ann, 2), [['1', 'Ann']])
})
