import { addId, isJoined } from '../../../src/client/browser/last-ids.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('last ids')

const idOf = (room: number, count: number): string => `room${String(room).padStart(4, '0')}.epoch.${count}`

test('the last id of every room is remembered', () => {
  let ids = addId(undefined, idOf(1, 1))
  for (const id of [idOf(2, 1), idOf(1, 2), `${idOf(2, 1)}.origin.7`]) ids = addId(ids, id)
  assert.is(ids, `${idOf(1, 2)}*${idOf(2, 1)}.origin.7`)
})

test('an id of another form replaces the others', () => {
  assert.is(addId(idOf(1, 1), '42'), '42')
  assert.is(addId('42', '43'), '43')
  assert.is(addId('42', idOf(1, 1)), idOf(1, 1))
})

test('a bounded number of rooms is remembered, the last ones', () => {
  let ids: string | undefined
  for (let room = 0; room < 1000; room++) ids = addId(ids, idOf(room, 1))
  const rooms = ids!.split('*')
  assert.equal([rooms.length, rooms[0], rooms.at(-1)], [64, idOf(936, 1), idOf(999, 1)])
})

test('a first id is distinguished from every message', () => {
  assert.is(isJoined('{"id":"room0001.x.1","joined":true}'), true)
  for (const data of ['{"id":"x","data":"joined"}', '{"id":"x","gap":true}', '', Buffer.alloc(0), null]) {
    assert.is(isJoined(data), false)
  }
})
