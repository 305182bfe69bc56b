import { constants, createDeflateRaw } from 'node:zlib'
import { DeflateReplies, deflateMessage, deflateScript, readAcceptedDeflate } from '../../../bench/load/deflate.ts'
import { buildFrame, readFrame, TEXT } from '../../../bench/wire/frame.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('bench wire deflate')

/** Compresses with one context for all messages, as a server with context takeover does. */
async function compressInTurn(payloads: Buffer[]): Promise<Buffer[]> {
  const deflate = createDeflateRaw()
  const parts: Buffer[] = []
  deflate.on('data', (part) => parts.push(part))
  const messages: Buffer[] = []
  for (const payload of payloads) {
    deflate.write(payload)
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()))
    messages.push(Buffer.concat(parts.splice(0)).subarray(0, -4))
  }
  deflate.close()
  return messages
}

test('reads what the server accepted', async () => {
  assert.equal(readAcceptedDeflate('permessage-deflate'), { clientWindowBits: 15, serverTakesOver: true })
  assert.equal(readAcceptedDeflate('permessage-deflate; server_no_context_takeover; client_max_window_bits=10'), {
    clientWindowBits: 10,
    serverTakesOver: false,
  })
  assert.match((await thrownBy(() => readAcceptedDeflate(''))).message, /did not accept/)
})

test('compresses each message by itself', () => {
  const script = deflateScript('json', 1024, 2, 15)
  const frame = readFrame(script.burst, 0)!
  assert.ok(frame.rsv1 && frame.masked)
  assert.ok(frame.payload.length < 800)
  assert.ok(deflateMessage(script.payloads[0]).equals(frame.payload))
})

test('follows the context of the server from message to message', async () => {
  const script = deflateScript('json', 4096, 3, 15)
  const wanted = Array.from({ length: 30 }, (_, index) => script.payloads[index % 3])
  const messages = await compressInTurn(wanted)
  assert.ok(messages[20].length < messages[0].length / 4, 'the context is in use')
  const bytes = Buffer.concat(messages.map((message) => buildFrame(TEXT, message, { rsv1: true })))
  const replies = new DeflateReplies(script, true)
  let completed = 0
  for (let at = 0; at < bytes.length; at += 100) {
    completed += replies.receive(bytes, at, Math.min(at + 100, bytes.length))
  }
  assert.is(completed, 30)
  assert.is(replies.plain, 0)
})

test('counts replies without compression and fails on wrong ones', async () => {
  const script = deflateScript('json', 100, 1, 15)
  const replies = new DeflateReplies(script, true)
  const right = buildFrame(TEXT, script.payloads[0])
  assert.is(replies.receive(right, 0, right.length), 1)
  assert.is(replies.plain, 1)
  const wrong = buildFrame(TEXT, deflateMessage(Buffer.from('something else')), { rsv1: true })
  assert.match((await thrownBy(() => replies.receive(wrong, 0, wrong.length))).message, /differs/)
})
