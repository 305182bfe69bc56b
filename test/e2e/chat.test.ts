import type { Page } from 'playwright-core'
import { type Browser, launchChromium } from '../support/chromium.ts'
import { type RunningCommand, startCommand } from '../support/command.ts'
import { chromium, redisServer, testWith } from '../support/need.ts'
import { startRedis } from '../support/redis.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = testWith(suite('chat demo', { timeLimit: 60_000 }), chromium)

/** Makes a page of the chat under a name; each has its own tab, and so its own key. */
async function enter(browser: Browser, address: string, name: string, room = 'Lobby'): Promise<Page> {
  const page = await browser.open(`${address}/favicon.ico`)
  await page.evaluate((name) => (globalThis as unknown as Storages).sessionStorage.setItem('chat name', name), name)
  await page.goto(`${address}/chat?room=${encodeURIComponent(room)}`)
  await isOpen(page)
  return page
}

interface Storages {
  sessionStorage: { setItem(name: string, value: string): void }
}

async function startChat(t: TestContext, names: string[], ...options: string[]) {
  const server = await startCommand(t, 'serve', '--port', '0', ...options)
  const browser = await launchChromium(t)
  const pages: Page[] = []
  for (const name of names) pages.push(await enter(browser, server.address, name))
  for (const page of pages) await page.locator('#people').getByText(String(names.length), { exact: true }).waitFor()
  return { server, browser, pages }
}

const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state=open]').waitFor()

const isLost = (page: Page): Promise<void> => page.locator('#state[data-state=lost]').waitFor()

async function say(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await page.locator('#text').fill(text)
    await page.locator('#composer button.main').click()
  }
}

/** Waits until `page` shows `text` as arrived. */
const shows = (page: Page, text: string): Promise<void> =>
  page.locator('.message:not(.waiting)', { hasText: text }).first().waitFor()

/** The texts in the log, without names and times. */
const textsOf = (page: Page): Promise<string[]> =>
  page.locator('#log > *').evaluateAll((entries) =>
    entries.map((entry) =>
      [...entry.childNodes]
        .filter(({ nodeType }) => nodeType === 3)
        .map((node) => node.textContent)
        .join(''),
    ),
  )

const GAP = 'The server has lost its history: messages may be missing here.'

/** Ends a server without a word and starts another in its place. */
async function replace(
  t: TestContext,
  server: RunningCommand,
  meanwhile: () => Promise<void>,
): Promise<RunningCommand> {
  await server.stop('SIGKILL')
  await meanwhile()
  return startCommand(t, 'serve', '--port', new URL(server.address).port)
}

test('what is said in a room is shown to everybody there, and to nobody in another', async (t) => {
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

test('everybody sees who is here, who comes and who goes', async (t) => {
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
  await ann.locator('#to').selectOption('Everybody')
  await say(ann, 'Aloud')
  await shows(cat, 'Aloud')
  assert.equal(await Promise.all(pages.map(textsOf)), [
    ['Psst', 'and on', 'Aloud'],
    ['Psst', 'and on', 'Aloud'],
    ['Aloud'],
  ])
  assert.equal(browser.complaints, [])
})

test('one who comes later is shown what was said before', async (t) => {
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
  await ann.getByRole('button', { name: 'Go there' }).click()
  await ann.locator('#place').getByText('Küche & Bad', { exact: true }).waitFor()
  await ann.locator('#here').getByText('Anna (you)').waitFor()
  assert.equal(browser.complaints, [])
})

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
  // In one go: some have come back, some are with the server, some were never sent when it dies.
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

/** In the page: submits the form for each text, a little apart. */
async function sayAll(texts: string[]): Promise<void> {
  // biome-ignore lint/suspicious/noExplicitAny: the tests know no DOM types
  const { document } = globalThis as any
  for (const text of texts) {
    document.getElementById('text').value = text
    document.getElementById('composer').requestSubmit()
    // The pace of somebody who types.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

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

test('what has arrived without its writer knowing is said again and shown once', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ben'])
  let isFirst = true
  const isAnns = (url: URL): boolean => url.searchParams.get('name') === 'Ann'
  await browser.context.routeWebSocket(isAnns, (route) => {
    const server = route.connectToServer()
    if (!isFirst) return
    isFirst = false
    // The connection breaks just before the message comes back.
    server.onMessage((message) => {
      if (String(message).includes('said twice')) void route.close({ code: 1011 })
      else route.send(message)
    })
  })
  const ann = await enter(browser, server.address, 'Ann')
  await say(ann, 'said twice')
  await shows(pages[0], 'said twice')
  await isLost(ann)
  await shows(ann, 'said twice')
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

test('three workers are one chat: everybody is here, and what is said in private arrives', async (t) => {
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

test('a page whose network is cut catches up, and what it says meanwhile arrives', async (t) => {
  const { server, browser, pages } = await startChat(t, ['Ann'])
  const [ann] = pages
  // The network belongs to a browser: the other one keeps it.
  const ben = await enter(await launchChromium(t), server.address, 'Ben')
  await ann.locator('#people').getByText('2', { exact: true }).waitFor()
  await ann.getByRole('button', { name: 'Ben' }).click()
  await ann.locator('#to').selectOption('Everybody')
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

test('a visit without a key is closed with 1008, and so is one that sends an invalid message', async (t) => {
  const { server, browser } = await startChat(t, [])
  const page = await browser.open(`${server.address}/favicon.ico`)
  const address = `${server.address.replace('http', 'ws')}/chat`
  const key = 'k'.repeat(32)
  const codes = [`${address}?name=Ann&room=Lobby`, `${address}?name=Ann&room=Lobby&key=${key}&page=${key}`].map((url) =>
    page.evaluate(
      (url) =>
        new Promise<number>((resolve) => {
          // biome-ignore lint/suspicious/noExplicitAny: the tests know no DOM types
          const socket = new (globalThis as any).WebSocket(url)
          socket.onopen = () => socket.send('null')
          socket.onclose = ({ code }: { code: number }) => resolve(code)
        }),
      url,
    ),
  )
  assert.equal(await Promise.all(codes), [1008, 1008])
})
