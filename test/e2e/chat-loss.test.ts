import { launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, redisServer, testWith } from '../support/need.ts'
import { startRedis } from '../support/redis.ts'
import { assert, suite } from '../support/unit.ts'
import { enter, GAP, isLost, isOpen, replace, say, sayAll, shows, startChat, textsOf } from './chat.ts'

const test = testWith(suite('chat demo that loses its server', { timeLimit: 60_000 }), chromium)

test('a server that is killed and started again in the middle loses and repeats nothing', async (t) => {
  const { server, pages } = await startChat(t, ['Ann', 'Ben', 'Cat'])
  const [ann, ben, cat] = pages
  await say(ann, 'a1', 'a2')
  await shows(cat, 'a2')
  await say(ben, 'b1')
  await Promise.all(pages.map((page) => shows(page, 'b1')))
  await replace(t, server, async () => {
    await Promise.all(pages.map(isLost))
    await say(ann, 'a3', 'a4')
    await ann.locator('.waiting', { hasText: 'a4' }).waitFor()
  })
  await Promise.all(pages.map(isOpen))
  await Promise.all(pages.map((page) => shows(page, 'a4')))
  await say(ben, 'b2')
  await Promise.all(pages.map((page) => shows(page, 'b2')))
  const expected = ['a1', 'a2', 'b1', GAP, 'a3', 'a4', 'b2']
  for (const page of pages) assert.equal(await textsOf(page), expected)
})

test('messages that are on their way when the server is killed arrive once, in order', async (t) => {
  const { server, pages } = await startChat(t, ['Ann', 'Ben'])
  const [ann, ben] = pages
  const texts = Array.from({ length: 60 }, (_, index) => `number ${index};`)
  // When the server dies, some messages have come back, some have reached the server, and some were never sent.
  const saying = ann.evaluate(sayAll, texts)
  await shows(ben, texts[10])
  await replace(t, server, async () => {
    await Promise.all(pages.map(isLost))
  })
  await saying
  for (const page of pages) {
    await shows(page, texts.at(-1) as string)
    assert.equal(
      (await textsOf(page)).filter((text) => text !== GAP),
      texts,
    )
  }
})

test('messages that a dying server sent only to some are sent again to the others', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ann'])
  const isBens = (url: URL): boolean => url.searchParams.get('name') === 'Ben'
  let isFirst = true
  await browser.context.routeWebSocket(isBens, (route) => {
    const upstream = route.connectToServer()
    if (isFirst) upstream.onMessage((message) => String(message).includes('last words') || route.send(message))
    isFirst = false
  })
  const ben = await enter(browser, server.address, 'Ben')
  const [ann] = pages
  // Messages that were confirmed in the last seconds are sent again. On a busy machine, the loss would be noticed too
  // late.
  await ann.evaluate('performance.now = () => 0')
  await say(ann, 'first words')
  await shows(ben, 'first words')
  await say(ann, 'last words')
  await shows(ann, 'last words')
  await replace(t, server, async () => {
    await Promise.all([ann, ben].map(isLost))
    await say(ann, 'new words')
  })
  await Promise.all([ann, ben].map((page) => shows(page, 'new words')))
  assert.equal(await textsOf(ann), ['first words', 'last words', GAP, 'new words'])
  assert.equal(await textsOf(ben), ['first words', GAP, 'last words', 'new words'])
})

test('a message that has arrived without confirmation is sent again and shown once', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ben'])
  let connections = 0
  const isAnns = (url: URL): boolean => url.searchParams.get('name') === 'Ann'
  await browser.context.routeWebSocket(isAnns, (route) => {
    const server = route.connectToServer()
    connections += 1
    if (connections > 1) return
    // The connection breaks just before the message comes back.
    server.onMessage((message) => {
      if (String(message).includes('said twice')) void route.close({ code: 1011 })
      else route.send(message)
    })
  })
  const ann = await enter(browser, server.address, 'Ann')
  await say(ann, 'said twice')
  await shows(pages[0], 'said twice')
  await shows(ann, 'said twice')
  assert.ok(connections > 1)
  await say(ann, 'said once')
  for (const page of [ann, pages[0]]) {
    await shows(page, 'said once')
    assert.equal(await textsOf(page), ['said twice', 'said once'])
  }
  const late = await enter(browser, server.address, 'Cat')
  await shows(late, 'said once')
  assert.equal(await textsOf(late), ['said twice', 'said once'])
})

testWith(test, redisServer)('over Redis a killed server loses nothing, and no page reports a gap', async (t) => {
  const { url } = await startRedis(t)
  const { server, browser, pages } = await startChat(t, ['Ann'], '--redis', url)
  const other = await startCommand(t, 'serve', '--port', '0', '--redis', url)
  const [ann] = pages
  const ben = await enter(browser, other.address, 'Ben')
  await ann.locator('#here').getByText('Ben').waitFor()
  await say(ann, 'a1')
  await shows(ben, 'a1')
  await server.stop('SIGKILL')
  await isLost(ann)
  await say(ben, 'b1', 'b2')
  await say(ann, 'a2')
  await startCommand(t, 'serve', '--port', new URL(server.address).port, '--redis', url)
  for (const page of [ann, ben]) {
    await shows(page, 'a2')
    assert.equal(await textsOf(page), ['a1', 'b1', 'b2', 'a2'])
  }
})

test('a page whose network is interrupted catches up, and the messages it sends meanwhile arrive', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ann'])
  const [ann] = pages
  // Only one browser goes offline. The other one stays connected.
  const ben = await enter(await launchChromium(t), server.address, 'Ben')
  await ann.locator('#people').getByText('2', { exact: true }).waitFor()
  await ann.getByRole('button', { name: 'Ben' }).click()
  await ann.locator('#to').selectOption('Everyone')
  await browser.context.setOffline(true)
  await isLost(ann)
  await say(ben, 'b1', 'b2')
  await shows(ben, 'b2')
  await say(ann, 'a1')
  await ann.locator('#to').selectOption('Only Ben')
  await say(ann, 'secret 1', 'secret 2')
  await browser.context.setOffline(false)
  await isOpen(ann)
  await shows(ann, 'secret 2')
  assert.equal(await textsOf(ben), ['b1', 'b2', 'a1', 'secret 1', 'secret 2'])
  assert.equal((await textsOf(ann)).sort(), ['a1', 'b1', 'b2', 'secret 1', 'secret 2'])
  assert.equal(
    (await textsOf(ann)).filter((text) => text.startsWith('secret')),
    ['secret 1', 'secret 2'],
  )
})
