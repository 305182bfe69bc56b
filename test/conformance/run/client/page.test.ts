import { EventEmitter, once } from 'node:events'
import type { RunResult } from '../../../../src/conformance/result.ts'
import { runClients } from '../../../../src/conformance/run/client/run-clients.ts'
import { clientEntries, selectCases } from '../../../../src/conformance/run/select.ts'
import { launchChromium } from '../../../support/chromium.ts'
import { chromium, testWith } from '../../../support/need.ts'
import { assert, suite } from '../../../support/unit.ts'
import { clientOptions } from '../../broken/try-client.ts'

const test = testWith(suite('conformance/run/client/page', { timeLimit: 90_000 }), chromium)

const CASES = [
  'client.len.text-125',
  'client.frag.text-2',
  'client.ping.125',
  'client.close.empty',
  'client.req.key',
  'client.req.origin',
  'client.req.one-connecting',
  'client.resp.ok',
  'client.resp.bad-accept',
  'client.resp.ext-unasked',
  'client.frame.masked-text',
  'client.frame.pmd-window',
  'client.close.client-initiated',
  'client.close.data-before-reply',
  'client.close.reply',
  'client.close.abnormal',
]

test('a Chromium is tested from the page by its start button, and shows the result', async (t) => {
  const entries = selectCases(clientEntries, { include: CASES })
  const events = new EventEmitter()
  const listening = once(events, 'listening')
  const running = runClients(
    clientOptions(entries, { onListening: (url) => events.emit('listening', url), timeout: 20_000 }),
  )
  const [url] = (await listening) as [string]
  const browser = await launchChromium(t)
  const page = await browser.open(`${url.replace('ws:', 'http:')}/?agent=chromium`)
  await page.click('#start')
  const { outcomes } = await running
  const { result } = outcomes[0] as { result: RunResult }
  assert.is(result.target.label, 'chromium')
  const bad = result.cases.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'info')
  assert.equal(
    bad.map(({ id, verdict, note, assertions }) => [id, verdict, note, assertions.filter(({ ok }) => !ok)]),
    [],
  )
  await page.waitForSelector('#results:not([hidden])')
  assert.is(await page.textContent('#verdict'), 'Conforming')
  assert.is(await page.locator('#results tbody tr').count(), CASES.length)
  assert.is(result.observations.handshakes_at_once, 'the second waits')
})
