import { catalogue } from '../../../../src/conformance/catalogue/index.ts'
import { bytesSent, textSequences } from '../../../../src/conformance/sections/server/text-sequence.ts'
import { isUtf8 } from '../../../../src/conformance/wire/bytes.ts'
import { assert, suite, thrownBy } from '../../../support/unit.ts'

const test = suite('conformance/sections/server/text-sequence')
const rows = catalogue.filter(({ id }) => textSequences.some((one) => one.id === id))

test('expects an echo of each valid sequence and a failure of each invalid one', () => {
  assert.ok(rows.length > 140)
  const wrong = rows.filter((row) => isUtf8(bytesSent(row)) === row.expect.startsWith('fail'))
  assert.equal(
    wrong.map(({ id }) => id),
    [],
  )
})

test('sends as many bytes as the catalogue says where it describes them in words', () => {
  const described = rows.filter(({ send }) => !send.includes('`'))
  const lengths = described.map(({ id, send }) => [id, /^(\d+) bytes/.exec(send)?.[1]])
  assert.is(described.length, 3)
  assert.equal(
    described.map((row) => [row.id, String(bytesSent(row).length)]),
    lengths,
  )
})

test('throws for an entry without bytes', async () => {
  const error = await thrownBy(() => bytesSent({ id: 'utf8.none', send: '29 frames' }))
  assert.match(error.message, /description of utf8\.none contains no bytes/)
})
