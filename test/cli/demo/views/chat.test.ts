import { sendText } from '../../../../src/cli/demo/static.ts'
import { chat } from '../../../../src/cli/demo/views/chat.ts'
import { serve } from '../../../support/session-server.ts'
import { assert, suite, type TestContext } from '../../../support/unit.ts'
import { openWs, type WsClient } from '../../../support/ws-client.ts'

const test = suite('chat')

const PAGE = 'p'.repeat(32)

// biome-ignore lint/suspicious/noExplicitAny: messages are checked one property at a time
type Message = any

async function serveChat(t: TestContext) {
  const { ws, errors } = await serve(t, { urls: { '/chat': chat((_, response) => sendText(response, 'page')) } })
  const enter = (name: string, query: Record<string, string> = {}): Promise<WsClient> => {
    const key = name.padEnd(32, 'k')
    return openWs(`${ws}/chat?${new URLSearchParams({ name, room: 'Lobby', key, page: PAGE, ...query })}`)
  }
  return { enter, errors }
}

/** Reads up to the next message that has `property`, unwrapped when it is of the room. */
async function next(client: WsClient, property: string): Promise<Message> {
  for (;;) {
    const text = await client.next()
    if (text === null) return null
    const message = JSON.parse(String(text))
    if (property === 'text' && message.data !== undefined) return { id: message.id, ...JSON.parse(message.data) }
    if (message[property] !== undefined) return message
  }
}

const write = (message: object): string => JSON.stringify(message)

test('a message reaches everyone, with its author and the number from its author', async (t) => {
  const { enter, errors } = await serveChat(t)
  const [ann, ben] = [await enter('Ann'), await enter('Ben')]
  const { me } = await next(ann, 'me')
  await next(ben, 'gap')
  ann.send(write({ n: 7, text: 'hi' }))
  for (const client of [ann, ben]) {
    const { from, page, n, text } = await next(client, 'text')
    assert.equal({ from, page, n, text }, { from: me, page: PAGE, n: 7, text: 'hi' })
  }
  assert.equal(errors, [])
})

test('keys stay secret, and the same key is the same person under any name', async (t) => {
  const { enter } = await serveChat(t)
  const key = 'secret'.repeat(4)
  const [ann, anna] = [await enter('Ann', { key }), await enter('Anna', { key })]
  const messages = [await next(ann, 'me'), await next(anna, 'me')]
  assert.is(messages[0].me.id, messages[1].me.id)
  for (let last: Message; last?.count !== 2; messages.push(last)) last = await next(ann, 'people')
  assert.not.match(write(messages), key)
})

test('a private message and its receipt are sent to no one else', async (t) => {
  const { enter } = await serveChat(t)
  const [ann, ben, cat] = [await enter('Ann'), await enter('Ben'), await enter('Cat')]
  const annsId = (await next(ann, 'me')).me.id
  const bensId = (await next(ben, 'me')).me.id
  ann.send(write({ n: 1, text: 'psst', to: bensId }))
  const { whisper } = await next(ben, 'whisper')
  assert.equal([whisper.from.id, whisper.n, whisper.text], [annsId, 1, 'psst'])
  ben.send(write({ received: 1, from: annsId, page: PAGE }))
  assert.equal(await next(ann, 'received'), { received: 1, page: PAGE, by: bensId })
  await next(cat, 'gap')
  ann.send(write({ n: 2, text: 'aloud' }))
  for (let message: Message; message?.data === undefined; ) {
    message = JSON.parse(String(await cat.next()))
    assert.is(message.whisper ?? message.received, undefined)
  }
})

test('a page that reconnects with the last id receives what it missed, without a gap', async (t) => {
  const { enter } = await serveChat(t)
  const [ann, ben] = [await enter('Ann'), await enter('Ben')]
  await Promise.all([next(ann, 'gap'), next(ben, 'gap')])
  ann.send(write({ n: 1, text: 'one' }))
  const { id } = await next(ben, 'text')
  ben.socket.terminate()
  for (const n of [2, 3]) ann.send(write({ n, text: String(n) }))
  while ((await next(ann, 'text')).n !== 3);
  const again = await enter('Ben', { last: id })
  await next(again, 'me')
  const missed = [JSON.parse(String(await again.next())), JSON.parse(String(await again.next()))]
  assert.equal(
    missed.map(({ data }) => JSON.parse(data).n),
    [2, 3],
  )
})

test('closes with 1008 on an invalid query or message', async (t) => {
  const { enter, errors } = await serveChat(t)
  const wrong: Record<string, string>[] = [
    { name: ' ' },
    { name: 'n'.repeat(31) },
    { room: '' },
    { room: 'r'.repeat(41) },
    { key: 'short' },
    { page: '' },
  ]
  for (const query of wrong) assert.match(await (await enter('Ann', query)).closed, /^1008 /)
  const messages = [
    '',
    'null',
    write({ n: 0, text: 'hi' }),
    write({ n: 1, text: ' ' }),
    write({ n: 1, text: 'hi', to: '*' }),
  ]
  for (const message of [...messages, write({ n: 1, text: 'x'.repeat(2001) }), write({ received: 1, from: '' })]) {
    const client = await enter('Ann')
    client.send(message)
    assert.match(await client.closed, /^1008 /)
  }
  assert.equal(errors, [])
})
