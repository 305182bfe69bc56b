import { parseOutputs } from '../../../src/cli/conform/output.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('cli/conform/output')

test('the text goes to standard output unless something else does', () => {
  assert.equal(parseOutputs([]), [{ format: 'text', path: null }])
  assert.equal(parseOutputs(['json:x.json']), [
    { format: 'text', path: null },
    { format: 'json', path: 'x.json' },
  ])
  assert.equal(parseOutputs(['json']), [{ format: 'json', path: null }])
  assert.equal(parseOutputs(['json:-', 'tap:a:b']), [
    { format: 'json', path: null },
    { format: 'tap', path: 'a:b' },
  ])
})

test('refuses unknown formats and two of them on standard output', async () => {
  assert.match((await thrownBy(() => parseOutputs(['pdf']))).message, 'junit')
  assert.match((await thrownBy(() => parseOutputs(['json', 'tap']))).message, 'only one -o')
})
