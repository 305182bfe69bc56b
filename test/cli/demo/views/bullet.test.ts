import { readFileSync } from 'node:fs'
import { sendText } from '../../../../src/cli/demo/static.ts'
import { bullet, readComment } from '../../../../src/cli/demo/views/bullet.ts'
import { serve } from '../../../support/session-server.ts'
import { assert, suite } from '../../../support/unit.ts'
import { openWs } from '../../../support/ws-client.ts'

const test = suite('bullet screen')

const write = (part: object): string => JSON.stringify({ text: 'hi', color: 'mint', key: 'k', ...part })

test('a comment is one trimmed line', () => {
  assert.equal(readComment(write({ text: ' a\n\tb  c ' })), { text: 'a b c', color: 'mint', key: 'k' })
  assert.is(readComment(write({ text: 'x'.repeat(100) }))?.text.length, 100)
})

test('rejects what is not a comment', () => {
  const wrong = [
    ...['', ' \n', 'x'.repeat(101), 7, null].map((text) => write({ text })),
    ...['red', 'constructor', '', 7, undefined].map((color) => write({ color })),
    ...['k'.repeat(33), 7, undefined].map((key) => write({ key })),
    ...['', '{', 'null', '7', '"text"', '[]', '{"__proto__":{"text":"hi"}}'],
    Buffer.from(write({})),
  ]
  for (const message of wrong) assert.is(readComment(message), null, String(message))
})

test('a comment is sent to everyone, and a later page first receives the last ones', async (t) => {
  const { ws, errors } = await serve(t, { urls: { '/bullet': bullet((_, response) => sendText(response, 'page')) } })
  const [first, second] = [await openWs(`${ws}/bullet`), await openWs(`${ws}/bullet`)]
  const next = async (client: typeof first): Promise<unknown> => {
    const { data, gap } = JSON.parse(String(await client.next()))
    return gap ?? JSON.parse(data).text
  }
  // Without an id the page is notified of a gap: the server cannot know what it already received.
  assert.equal([await next(first), await next(second)], [true, true])
  first.send(write({ text: 'one' }))
  first.send('no comment')
  first.send(write({ text: 'two' }))
  for (const client of [first, second]) assert.equal([await next(client), await next(client)], ['one', 'two'])
  const late = await openWs(`${ws}/bullet`)
  assert.equal([await next(late), await next(late), await next(late)], [true, 'one', 'two'])
  assert.equal(errors, [])
})

test('the page offers the colors that the server accepts', () => {
  const page = readFileSync(new URL('../../../../src/cli/demo/pages/bullet.html', import.meta.url), 'utf8')
  const offered = [...page.matchAll(/name="color" value="(\w+)"/g)].map((match) => match[1])
  assert.is(offered.length, 5)
  for (const color of offered) assert.is(readComment(write({ color }))?.color, color)
})
