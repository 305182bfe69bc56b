import type { ProtocolError } from '../../src/core/errors.ts'
import { MemoryBudget } from '../../src/deflate/budget.ts'
import { checkDeflateResponse, formatOffer, negotiate } from '../../src/deflate/offer.ts'
import { type DeflateOptions, readDeflateOptions } from '../../src/deflate/options.ts'
import type { Extension } from '../../src/handshake/header-grammar.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { extension } from './message.ts'

const test = suite('permessage-deflate negotiation')
const name = 'permessage-deflate'
const snct: [string, null] = ['server_no_context_takeover', null]
const cnct: [string, null] = ['client_no_context_takeover', null]
const smwb = (value: string | null): [string, string | null] => ['server_max_window_bits', value]
const cmwb = (value: string | null): [string, string | null] => ['client_max_window_bits', value]
const offer = (...parameters: [string, string | null][]) => extension(name, ...parameters)

const answerTo = (offers: Extension[], options: DeflateOptions = {}, budget = new MemoryBudget()) =>
  negotiate(offers, readDeflateOptions(options), budget)
const responseTo = (...parameters: [string, string | null][]) => answerTo([offer(...parameters)])?.response

test('answers a plain offer with the plain name', () => {
  assert.is(responseTo(), 'permessage-deflate')
})

test('agrees to server_no_context_takeover', () => {
  const answer = answerTo([offer(snct)], { serverContextTakeover: true })
  assert.is(answer?.response, 'permessage-deflate; server_no_context_takeover')
  assert.is(answer?.parameters.serverContextTakeover, false)
})

test('accepts the hint client_no_context_takeover and stores no window', () => {
  const answer = answerTo([offer(cnct)])
  assert.is(answer?.response, 'permessage-deflate; client_no_context_takeover')
  assert.is(answer?.parameters.clientContextTakeover, false)
})

test('agrees to every server window from 8 to 15, or to a smaller one of its own', () => {
  for (let bits = 8; bits <= 15; bits++) {
    const answer = answerTo([offer(smwb(`${bits}`))])
    assert.is(answer?.response, `permessage-deflate; server_max_window_bits=${bits}`)
    assert.is(answer?.parameters.serverMaxWindowBits, bits)
    const smaller = answerTo([offer(smwb(`${bits}`))], { serverMaxWindowBits: 10 })
    assert.is(smaller?.parameters.serverMaxWindowBits, Math.min(bits, 10))
    assert.is(smaller?.response, `permessage-deflate; server_max_window_bits=${Math.min(bits, 10)}`)
  }
})

test('uses a smaller window of its own without telling a client that did not ask', () => {
  const answer = answerTo([offer()], { serverMaxWindowBits: 10 })
  assert.is(answer?.response, 'permessage-deflate')
  assert.is(answer?.parameters.serverMaxWindowBits, 10)
})

test('returns client_max_window_bits only when it was offered, never above the hint', () => {
  const bitsOf = (value: string | null, options: DeflateOptions = {}) => answerTo([offer(cmwb(value))], options)
  assert.is(bitsOf(null)?.response, 'permessage-deflate; client_max_window_bits=12')
  assert.is(bitsOf('15')?.parameters.clientMaxWindowBits, 12)
  assert.is(bitsOf('11')?.response, 'permessage-deflate; client_max_window_bits=11')
  assert.is(bitsOf(null, { clientMaxWindowBits: 15 })?.response, 'permessage-deflate')
  assert.is(bitsOf('15', { clientMaxWindowBits: 15 })?.response, 'permessage-deflate')
  assert.is(bitsOf(null, { clientMaxWindowBits: 10 })?.response, 'permessage-deflate; client_max_window_bits=10')
  assert.is(bitsOf('9', { clientMaxWindowBits: 10 })?.parameters.clientMaxWindowBits, 9)
  const unasked = answerTo([offer()], { clientMaxWindowBits: 10 })
  assert.is(unasked?.response, 'permessage-deflate')
  assert.is(unasked?.parameters.clientMaxWindowBits, 15)
})

test('answers all four parameters together', () => {
  assert.is(
    responseTo(snct, cnct, smwb('10'), cmwb('10')),
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=10; client_no_context_takeover',
  )
})

test('reads a quoted value like the unquoted token', () => {
  const quoted = { name, parameters: [{ name: 'server_max_window_bits', value: '10', quoted: true }] }
  assert.is(answerTo([quoted])?.response, 'permessage-deflate; server_max_window_bits=10')
})

const badValues = [
  '',
  '0',
  '7',
  '16',
  '08',
  '010',
  '+9',
  '+10',
  '-1',
  '-10',
  '10.0',
  '0xa',
  'ten',
  '4294967306',
  '1e9',
  '1e1',
]
const moreBadValues = [' 10', '10 ', '१०', '10\n', '10, permessage-deflate', 'x'.repeat(9000)]

test('declines a window that is not a plain number from 8 to 15', () => {
  for (const value of [...badValues, ...moreBadValues]) {
    assert.is(responseTo(smwb(value)), undefined, `server_max_window_bits=${value}`)
    assert.is(responseTo(cmwb(value)), undefined, `client_max_window_bits=${value}`)
  }
  assert.is(responseTo(smwb(null)), undefined)
})

test('declines a value for a parameter without one', () => {
  for (const value of ['', '1', 'true']) {
    assert.is(responseTo([snct[0], value]), undefined)
    assert.is(responseTo([cnct[0], value]), undefined)
  }
})

test('declines a parameter that occurs twice, even with the same value', () => {
  for (const twice of [
    [snct, snct],
    [cnct, cnct],
    [smwb('10'), smwb('10')],
    [smwb('10'), smwb('12')],
    [cmwb(null), cmwb('10')],
    [cmwb('10'), cmwb(null)],
  ]) {
    assert.is(responseTo(...twice), undefined)
  }
})

const prototypeNames = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']

test('declines unknown parameters, names of Object.prototype among them', () => {
  for (const unknown of ['x-conf', 'Server_No_Context_Takeover', ...prototypeNames]) {
    assert.is(responseTo([unknown, null]), undefined, unknown)
    assert.is(responseTo([unknown, '1']), undefined, unknown)
  }
})

test('passes over other extensions, names of Object.prototype among them', () => {
  for (const other of ['x-conf', 'x-webkit-deflate-frame', ...prototypeNames]) {
    assert.is(answerTo([extension(other)]), null, other)
    assert.is(answerTo([extension(other), offer()])?.response, 'permessage-deflate')
  }
})

test('declines when nothing is offered', () => {
  assert.is(answerTo([]), null)
})

test('falls back to the next offer after a bad one', () => {
  for (const value of badValues) assert.is(answerTo([offer(smwb(value)), offer(snct)])?.response, `${name}; ${snct[0]}`)
  assert.is(answerTo([offer(['x-conf', null]), offer()])?.response, name)
})

test('prefers the first of several good offers and names one only', () => {
  assert.is(answerTo([offer(snct), offer()])?.response, `${name}; ${snct[0]}`)
  assert.is(answerTo([offer(), offer(snct)])?.response, name)
  const three = [offer(snct, smwb('9')), offer(snct), offer()]
  assert.is(answerTo(three)?.response, `${name}; ${snct[0]}; server_max_window_bits=9`)
})

test('requests no context takeover when it must not store windows', () => {
  assert.is(answerTo([offer()], { clientContextTakeover: false })?.response, `${name}; client_no_context_takeover`)
})

test('requests no context takeover once the promised windows have used up the budget', () => {
  const budget = new MemoryBudget()
  budget.promise(65_536)
  const options = { maxCompressionMemory: 98_304 }
  assert.is(answerTo([offer()], options, budget)?.parameters.clientContextTakeover, true)
  budget.promise(1)
  const spent = answerTo([offer()], options, budget)
  assert.is(spent?.response, `${name}; client_no_context_takeover`)
  assert.is(spent?.parameters.clientContextTakeover, false)
  assert.is(answerTo([offer(cmwb('9'))], options, budget)?.parameters.clientContextTakeover, true)
})

test('requests no context takeover when the memory is in use', () => {
  const budget = new MemoryBudget()
  budget.hold(98_304)
  assert.is(answerTo([offer()], { maxCompressionMemory: 98_304 }, budget)?.parameters.clientContextTakeover, false)
})

const clientOptions = (options: DeflateOptions = {}) => readDeflateOptions(options, 'client')

test('a client offers what its options say', () => {
  assert.is(formatOffer(clientOptions()), `${name}; client_no_context_takeover; client_max_window_bits`)
  assert.is(formatOffer(clientOptions({ clientContextTakeover: true })), `${name}; client_max_window_bits`)
  const all = { serverContextTakeover: false, serverMaxWindowBits: 10, clientMaxWindowBits: 9 }
  assert.is(
    formatOffer(clientOptions(all)),
    `${name}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9`,
  )
})

test('a client accepts an answer that fits its offer', () => {
  assert.equal(checkDeflateResponse(offer(), clientOptions()), {
    serverContextTakeover: true,
    clientContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  })
  const takeover = clientOptions({ clientContextTakeover: true })
  assert.is(checkDeflateResponse(offer(), takeover).clientContextTakeover, true)
  assert.is(checkDeflateResponse(offer(cnct), takeover).clientContextTakeover, false)
  assert.is(checkDeflateResponse(offer(snct), takeover).serverContextTakeover, false)
  assert.is(checkDeflateResponse(offer(smwb('9')), takeover).serverMaxWindowBits, 9)
  assert.is(checkDeflateResponse(offer(cmwb('8')), takeover).clientMaxWindowBits, 8)
  assert.is(checkDeflateResponse(offer(), clientOptions({ clientMaxWindowBits: 10 })).clientMaxWindowBits, 10)
})

test('a client refuses an answer that breaks a rule', async () => {
  const smallWindow: DeflateOptions = { serverMaxWindowBits: 10, clientMaxWindowBits: 10, serverContextTakeover: false }
  const bad: [Extension, DeflateOptions][] = [
    [extension('x-conf'), {}],
    [extension('constructor'), {}],
    [offer(['x-conf', null]), {}],
    [offer(snct, snct), {}],
    [offer([snct[0], '1']), {}],
    [offer(smwb('7')), {}],
    [offer(smwb('16')), {}],
    [offer(smwb('08')), {}],
    [offer(smwb(null)), {}],
    [offer(cmwb(null)), {}],
    [offer(cmwb('16')), {}],
    [offer(smwb('10')), smallWindow],
    [offer(snct), smallWindow],
    [offer(snct, smwb('11')), smallWindow],
    [offer(snct, smwb('10'), cmwb('11')), smallWindow],
  ]
  for (const [answer, options] of bad) {
    const error = (await thrownBy(() => checkDeflateResponse(answer, clientOptions(options)))) as ProtocolError
    assert.is(error.code, 'ERR_WS_EXTENSION', JSON.stringify(answer))
    assert.is(error.closeCode, 1002)
  }
})
