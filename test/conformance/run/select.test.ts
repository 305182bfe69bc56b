import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { catalogue } from '../../../src/conformance/catalogue/index.ts'
import { SelectionError, type SelectionOptions, selectCases } from '../../../src/conformance/run/select.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/run/select')

const from = catalogue.filter(({ side }) => side === 'server')
/** Number of cases that need `--long` (4 of them in `perf`), including one that needs `--robust`. */
const SLOW = 7
const HOSTILE = 1

function ids(include: string[], more: SelectionOptions = {}): string[] {
  return selectCases(from, { include, ...more }).map(({ id }) => id)
}

function count(...include: string[]): number {
  return ids(include).length
}

test('selects groups, names and wildcards as whole names', () => {
  assert.is(count('hs.key'), 21)
  assert.is(count('hs'), 237)
  assert.is(count('hs.key.len-*'), 8)
  assert.equal(ids(['frag.orphan-fin1']), ['frag.orphan-fin1'])
  assert.is(count('hs.method'), 27)
})

test('selects Autobahn ids as whole ids', () => {
  assert.equal(ids(['ab:6.4.3']), ['utf8.failfast-chop'])
  assert.is(count('ab:7.1'), 6)
  assert.is(count('ab:9.*'), 54)
  assert.is(count('ab:12', 'ab:13'), 216)
})

test('selects rules and sections of RFCs', () => {
  assert.ok(ids(['rfc:6455/4.2']).includes('hs.key.missing'))
  assert.ok(ids(['rfc:6455/4.2.1']).includes('hs.key.missing'))
  assert.not.ok(ids(['rfc:6455/5']).includes('hs.key.missing'))
  assert.ok(ids(['req:6455-4.4-1']).includes('hs.ver.v14'))
})

test('selects classes and tags', () => {
  assert.is(count('class:should') + count('class:must') + count('class:info'), from.length - SLOW)
  assert.is(count('tag:new', 'perf.limit-binary-256m'), 761)
})

test('the presets have their sizes', () => {
  assert.is(count('autobahn'), 517)
  assert.is(count('handshake'), 237)
  assert.ok(count('quick') > 50 && count('quick') < 75)
  assert.is(count('core'), 908)
})

test('leaves out what -x and ! name', () => {
  assert.is(ids(['hs.key'], { exclude: ['hs.key.len-*'] }).length, 13)
  assert.is(count('hs.key,!hs.key.len-*'), 13)
})

test('a slow case wants --long or its name', () => {
  assert.not.ok(ids(['perf']).includes('perf.limit-binary-256m'))
  assert.ok(ids(['perf'], { long: true }).includes('perf.limit-binary-256m'))
})

test('preserves the order of the catalogue', () => {
  assert.equal(ids(['hs.ver.v14', 'hs.key.missing']), ['hs.key.missing', 'hs.ver.v14'])
})

test('reads a list from a file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'select-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'list')
  writeFileSync(path, 'hs.key.empty # a comment\n\n# nothing\nhs.ver.v14, hs.ver.v0\n')
  assert.equal(ids([`@${path}`]), ['hs.key.empty', 'hs.ver.v0', 'hs.ver.v14'])
})

test('selects what failed in an earlier result, and what was not in it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'select-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'last.json')
  const cases = [
    { id: 'hs.key.empty', verdict: 'fail' },
    { id: 'hs.key.missing', verdict: 'pass' },
  ]
  writeFileSync(path, JSON.stringify({ schema: 'dwebsocket-conform/1', cases }))
  assert.equal(ids([`failed@${path}`]), ['hs.key.empty'])
  assert.is(count(`new@${path}`, '!perf'), ids(['all'], { exclude: ['perf', 'hs.key.empty', 'hs.key.missing'] }).length)
})

test('an unknown name is an error that names near ones', async () => {
  const error = await thrownBy(() => ids(['hs.kee.missing']))
  assert.instance(error, SelectionError)
  assert.match(error.message, 'did you mean')
})

test('suggests the nearest name for a typo', async () => {
  const error = await thrownBy(() => ids(['hs.key.mising']))
  assert.match(error.message, 'did you mean hs.key.missing')
})

test('an empty selection is an error', async () => {
  assert.match((await thrownBy(() => ids(['hs.key'], { exclude: ['hs'] }))).message, 'no case is selected')
  assert.match((await thrownBy(() => ids(['ab:99']))).message, 'matches no case')
})

test('the switches add their groups to the terms', () => {
  assert.is(ids(['hs.key'], { perf: true }).length, 21 + 60)
  assert.is(ids(['hs.key'], { perf: true, long: true }).length, 21 + 64)
  assert.is(ids([], { robust: true }).length, 908 + 31 + HOSTILE)
  assert.is(ids([], { all: true }).length, from.length - SLOW)
})
