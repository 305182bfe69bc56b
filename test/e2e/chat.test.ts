import { chromium, testWith } from '../support/need.ts'
import { assert, suite } from '../support/unit.ts'
import { enter, say, shows, startChat, textsOf } from './chat.ts'

const test = testWith(suite('chat demo', { timeLimit: 60_000 }), chromium)

test('a message in a room is shown to everyone in it, and to no one in another room', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ann', 'Ben'])
  const [ann, ben] = pages
  const eve = await enter(browser, server.address, 'Eve', 'Garden')
  await say(ann, 'Grüße 👋')
  await ben.locator('.message:not(.mine)', { hasText: 'AnnGrüße 👋' }).waitFor()
  await ann.locator('.message.mine:not(.waiting)', { hasText: 'Grüße 👋' }).waitFor()
  await say(eve, 'Only flowers here.')
  await shows(eve, 'Only flowers here.')
  assert.equal(await Promise.all([ann, ben, eve].map(textsOf)), [['Grüße 👋'], ['Grüße 👋'], ['Only flowers here.']])
  assert.equal(browser.complaints, [])
})

test('everyone sees who is here, who joins and who leaves', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ann', 'Ben'])
  const [ann, ben] = pages
  assert.equal(await ann.locator('#here li').allTextContents(), ['Ann (you)', 'Ben'])
  await enter(browser, server.address, 'Cat')
  await ann.locator('#here', { hasText: 'Cat' }).waitFor()
  await ben.close()
  await ann.locator('#people').getByText('2', { exact: true }).waitFor()
  assert.equal(await ann.locator('#here li').allTextContents(), ['Ann (you)', 'Cat'])
})

test('a private message is shown to its recipient, and its author sees that it arrived', async (t) => {
  const { browser, pages } = await startChat(t, ['Ann', 'Ben', 'Cat'])
  const [ann, ben, cat] = pages
  await ann.getByRole('button', { name: 'Ben' }).click()
  await say(ann, 'Psst', 'and on')
  await shows(ann, 'and on')
  await ben.locator('.message.whisper:not(.mine)', { hasText: 'AnnPsst' }).waitFor()
  await shows(ben, 'and on')
  await ann.locator('#to').selectOption('Everyone')
  await say(ann, 'Aloud')
  for (const page of [ben, cat]) await shows(page, 'Aloud')
  assert.equal(await Promise.all(pages.map(textsOf)), [
    ['Psst', 'and on', 'Aloud'],
    ['Psst', 'and on', 'Aloud'],
    ['Aloud'],
  ])
  assert.equal(browser.complaints, [])
})

test('someone who joins later sees earlier messages', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ann'])
  await say(pages[0], 'one', 'two')
  await shows(pages[0], 'two')
  const ben = await enter(browser, server.address, 'Ben')
  await shows(ben, 'two')
  assert.equal(await textsOf(ben), ['one', 'two'])
})

test('the form leads to another room under another name', async (t) => {
  const { browser, pages } = await startChat(t, ['Ann'])
  const [ann] = pages
  await ann.locator('#name').fill('Anna')
  await ann.locator('#room').fill('Küche & Bad')
  await ann.getByRole('button', { name: 'Join', exact: true }).click()
  await ann.locator('#place').getByText('Küche & Bad', { exact: true }).waitFor()
  await ann.locator('#here').getByText('Anna (you)').waitFor()
  assert.equal(browser.complaints, [])
})

test('three workers are one chat: everyone is present, and private messages arrive', async (t) => {
  const { browser, pages } = await startChat(t, ['Ann', 'Ben', 'Cat', 'Dan'], '--workers', '3')
  const [ann, ben, cat] = pages
  for (const [index, page] of pages.entries()) {
    await say(page, `message ${index}`)
    await Promise.all(pages.map((other) => shows(other, `message ${index}`)))
  }
  await cat.getByRole('button', { name: 'Ben' }).click()
  await say(cat, 'secret')
  await shows(cat, 'secret')
  const all = ['message 0', 'message 1', 'message 2', 'message 3']
  assert.equal(await Promise.all([ann, ben, cat].map(textsOf)), [all, [...all, 'secret'], [...all, 'secret']])
  assert.equal(browser.complaints, [])
})

test('a visit without a key is closed with 1008, and so is one that sends an invalid message', async (t) => {
  const { server, browser } = await startChat(t, [])
  const page = await browser.open(`${server.address}/favicon.ico`)
  const address = `${server.address.replace('http', 'ws')}/chat`
  const key = 'k'.repeat(32)
  const codes = [`${address}?name=Ann&room=Lobby`, `${address}?name=Ann&room=Lobby&key=${key}&page=${key}`].map((url) =>
    page.evaluate(
      (url) =>
        new Promise<number>((resolve) => {
          // biome-ignore lint/suspicious/noExplicitAny: the tests have no DOM types
          const socket = new (globalThis as any).WebSocket(url)
          socket.onopen = () => socket.send('null')
          socket.onclose = ({ code }: { code: number }) => resolve(code)
        }),
      url,
    ),
  )
  assert.equal(await Promise.all(codes), [1008, 1008])
})
