import type { Page } from 'playwright-core'
import { type Browser, launchChromium } from '../support/chromium.ts'
import { startCommand } from '../support/command.ts'
import { chromium, testWith } from '../support/need.ts'
import { reservePort } from '../support/reserved-port.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = testWith(suite('service desk demo', { timeLimit: 90_000 }), chromium)

async function openDesk(t: TestContext, ...options: string[]) {
  const server = await startCommand(t, 'serve', '--port', String(await reservePort(t)), ...options)
  const browser = await launchChromium(t)
  const open = async (path: string, by: Browser = browser): Promise<Page> => {
    const page = await by.open(server.address + path)
    await isOpen(page)
    return page
  }
  /** Opens the page of a customer and gets in line. */
  const enter = async (name: string, topic: string, by: Browser = browser): Promise<Page> => {
    const page = await open('/desk', by)
    await page.locator('#name').fill(name)
    await page.locator('#topic').fill(topic)
    await page.getByRole('button', { name: 'Get in line' }).click()
    await shows(page, topic)
    return page
  }
  return { server, browser, open, enter }
}

const isOpen = (page: Page): Promise<void> => page.locator('#state[data-state=open]').waitFor()

const isLost = (page: Page): Promise<void> => page.locator('#state[data-state=lost]').waitFor()

const bannerIs = (page: Page, text: string): Promise<void> =>
  page.locator('#banner').getByText(text, { exact: true }).waitFor()

/** Waits until `page` shows `text` as arrived. */
const shows = (page: Page, text: string): Promise<void> =>
  page.locator('#log > :not(.waiting)', { hasText: text }).first().waitFor()

async function say(page: Page, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await page.locator('#text').fill(text)
    await page.locator('#composer button.main').click()
  }
}

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

/** Resolves to the messages, without names, times and the notes of the desk. */
const textsOf = (page: Page): Promise<string[]> =>
  page.locator('#log > .message').evaluateAll((entries) =>
    entries.map((entry) =>
      [...entry.childNodes]
        .filter(({ nodeType }) => nodeType === 3)
        .map((node) => node.textContent)
        .join(''),
    ),
  )

test('customers wait in line, and an agent talks in private to the first', async (t) => {
  const { browser, open, enter } = await openDesk(t)
  const ann = await enter('Ann', 'My parcel is lost.')
  const ben = await enter('Ben', 'A question about <b>.')
  await bannerIs(ann, 'You are next.')
  await bannerIs(ben, 'You are number 2 in line.')
  const agent = await open('/desk/agent')
  await agent.locator('#line li', { hasText: 'BenA question about <b>.' }).waitFor()
  await press(agent, 'Take the next')
  await bannerIs(agent, 'You are talking to Ann.')
  await bannerIs(ann, 'Agent 1 is helping you now.')
  await bannerIs(ben, 'You are next.')
  await shows(agent, 'My parcel is lost.')
  await say(agent, 'Which number?')
  await shows(ann, 'Which number?')
  await say(ann, '4711')
  await shows(agent, '4711')
  for (const page of [ann, agent]) assert.equal(await textsOf(page), ['My parcel is lost.', 'Which number?', '4711'])
  assert.equal(await textsOf(ben), ['A question about <b>.'])
  await press(agent, 'End')
  await bannerIs(ann, 'The conversation is over.')
  await press(agent, 'Take the next')
  await bannerIs(ben, 'Agent 1 is helping you now.')
  await shows(agent, 'A question about <b>.')
  assert.equal(await textsOf(agent), ['A question about <b>.'])
  assert.equal(browser.complaints, [])
})

test('an agent transfers a customer to a colleague, who sees the conversation, and then to the next free one', async (t) => {
  const { browser, open, enter } = await openDesk(t)
  const [first, second] = [await open('/desk/agent'), await open('/desk/agent')]
  const ann = await enter('Ann', 'Difficult')
  await press(first, 'Take the next')
  await shows(first, 'Difficult')
  await first.locator('#other').selectOption('Agent 2')
  await press(first, 'Hand over')
  await bannerIs(ann, 'Agent 2 is helping you now.')
  await bannerIs(first, 'You are free.')
  await shows(second, 'Difficult')
  await say(second, 'Let me see.')
  await shows(ann, 'Let me see.')
  await second.locator('#other').selectOption('')
  await press(second, 'Hand over')
  await bannerIs(ann, 'You are next.')
  await press(first, 'Take the next')
  await bannerIs(ann, 'Agent 1 is helping you now.')
  await shows(first, 'Let me see.')
  assert.equal(await textsOf(first), ['Difficult', 'Let me see.'])
  assert.equal(browser.complaints, [])
})

test('a customer who closes the tab leaves the line, and the conversation', async (t) => {
  const { browser, open, enter } = await openDesk(t)
  const agent = await open('/desk/agent')
  const [ann, ben, cat] = [await enter('Ann', 'one'), await enter('Ben', 'two'), await enter('Cat', 'three')]
  await press(agent, 'Take the next')
  await shows(agent, 'one')
  await bannerIs(cat, 'You are number 2 in line.')
  await ben.close({ runBeforeUnload: true })
  await bannerIs(cat, 'You are next.')
  await ann.close({ runBeforeUnload: true })
  await bannerIs(agent, 'You are free.')
  await shows(agent, 'Ann has left.')
  assert.equal(browser.complaints, [])
})

test('the customer of an agent who closes the tab is next in line', async (t) => {
  const { browser, open, enter } = await openDesk(t)
  const agent = await open('/desk/agent')
  const [ann, ben] = [await enter('Ann', 'one'), await enter('Ben', 'two')]
  await press(agent, 'Take the next')
  await bannerIs(ben, 'You are next.')
  await agent.close({ runBeforeUnload: true })
  await bannerIs(ann, 'You are next.')
  await bannerIs(ben, 'You are number 2 in line.')
  await ann.locator('#agents').getByText('0', { exact: true }).waitFor()
  assert.equal(browser.complaints, [])
})

test('a reloaded page keeps its place and its conversation', async (t) => {
  const { browser, open, enter } = await openDesk(t)
  const [ann, ben] = [await enter('Ann', 'one'), await enter('Ben', 'two')]
  await ann.reload()
  await bannerIs(ann, 'You are next.')
  await shows(ann, 'one')
  const agent = await open('/desk/agent')
  await press(agent, 'Take the next')
  await say(agent, 'Yes?')
  await shows(agent, 'Yes?')
  await agent.reload()
  await bannerIs(agent, 'You are talking to Ann.')
  await say(ann, 'Here.')
  await shows(agent, 'Here.')
  await say(agent, 'Good.')
  await shows(ann, 'Good.')
  for (const page of [ann, agent]) assert.equal(await textsOf(page), ['one', 'Yes?', 'Here.', 'Good.'])
  await bannerIs(ben, 'You are next.')
  assert.equal(browser.complaints, [])
})

test('a customer whose network is interrupted keeps the place, and each message arrives once and in order', async (t) => {
  const { browser, open, enter } = await openDesk(t)
  const agent = await open('/desk/agent', await launchChromium(t))
  const ann = await enter('Ann', 'one')
  await press(agent, 'Take the next')
  await bannerIs(ann, 'Agent 1 is helping you now.')
  await browser.context.setOffline(true)
  await isLost(ann)
  await say(ann, 'two', 'three')
  await bannerIs(agent, 'Ann was disconnected, and may come back.')
  await say(agent, 'Are you there?')
  await shows(agent, 'Are you there?')
  await browser.context.setOffline(false)
  await shows(ann, 'three')
  await bannerIs(agent, 'You are talking to Ann.')
  await shows(agent, 'three')
  for (const page of [ann, agent]) assert.equal(await textsOf(page), ['one', 'Are you there?', 'two', 'three'])
})

test('after the desk was killed and restarted its customers enter the line again, and no message is repeated', async (t) => {
  const { server, open, enter } = await openDesk(t)
  const agent = await open('/desk/agent')
  const ann = await enter('Ann', 'one')
  await press(agent, 'Take the next')
  await say(ann, 'two')
  await shows(agent, 'two')
  await server.stop('SIGKILL')
  await Promise.all([ann, agent].map(isLost))
  await say(ann, 'three')
  await startCommand(t, 'serve', '--port', new URL(server.address).port)
  await bannerIs(ann, 'You are next.')
  await shows(ann, 'The desk lost your place')
  await isOpen(agent)
  await press(agent, 'Take the next')
  await shows(agent, 'three')
  for (const page of [ann, agent]) assert.equal(await textsOf(page), ['one', 'two', 'three'])
})

test('one of several workers has the desk, and every page finds it', async (t) => {
  const { browser, open, enter } = await openDesk(t, '--workers', '3')
  const agent = await open('/desk/agent')
  const ann = await enter('Ann', 'one')
  await press(agent, 'Take the next')
  await bannerIs(ann, 'Agent 1 is helping you now.')
  await shows(agent, 'one')
  assert.equal(browser.complaints, [])
})
