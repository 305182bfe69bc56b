import { formats } from '../../../src/conformance/report/index.ts'
import { buildContext, buildMixedRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'
import { parseXml, type XmlElement } from '../../support/xml.ts'

const test = suite('conformance/report/junit')

function parseReport(strict = false): XmlElement {
  return parseXml(formats['junit']([buildMixedRun()], buildContext({ strict })))
}

function outcomes(root: XmlElement): Record<string, XmlElement | undefined> {
  const cases = root.children.flatMap(({ children }) => children.filter(({ name }) => name === 'testcase'))
  return Object.fromEntries(cases.map(({ attributes, children }) => [attributes['name'].split(' ')[0], children[0]]))
}

/** The rules of the schema that common readers share (Jenkins' junit-10.xsd). */
const schema: Record<string, { attributes: string[]; children: string[] }> = {
  testsuites: { attributes: ['name', 'tests', 'failures', 'errors', 'skipped', 'time'], children: ['testsuite'] },
  testsuite: {
    attributes: ['name', 'tests', 'failures', 'errors', 'skipped', 'time', 'timestamp'],
    children: ['properties', 'testcase'],
  },
  properties: { attributes: [], children: ['property'] },
  property: { attributes: ['name', 'value'], children: [] },
  testcase: { attributes: ['classname', 'name', 'time'], children: ['skipped', 'error', 'failure', 'system-out'] },
  skipped: { attributes: ['message'], children: [] },
  error: { attributes: ['type', 'message'], children: [] },
  failure: { attributes: ['type', 'message'], children: [] },
  'system-out': { attributes: [], children: [] },
}

function checkElement({ name, attributes, children, text }: XmlElement): void {
  const rule = schema[name]
  assert.ok(rule, `element ${name}`)
  assert.equal(Object.keys(attributes), rule.attributes, name)
  const order = children.map((child) => rule.children.indexOf(child.name))
  assert.not.ok(order.includes(-1), `a child of ${name}`)
  assert.equal(order, [...order].sort(), `order in ${name}`)
  if (rule.children.length > 0) assert.is(text.trim(), '', `text in ${name}`)
  for (const key of ['tests', 'failures', 'errors', 'skipped']) {
    if (key in attributes) assert.match(attributes[key], /^\d+$/)
  }
  if ('time' in attributes) assert.match(attributes['time'], /^\d+\.\d{3}$/)
  if ('timestamp' in attributes) assert.match(attributes['timestamp'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  for (const child of children) checkElement(child)
}

test('follows the rules of the schema', () => {
  checkElement(parseReport())
  checkElement(parseReport(true))
})

test('has totals that are the sums of what is inside', () => {
  const root = parseReport()
  const count = (name: string, of: XmlElement): number =>
    (of.name === name ? 1 : 0) + of.children.reduce((sum, child) => sum + count(name, child), 0)
  for (const element of [root, ...root.children]) {
    const { tests, failures, errors, skipped } = element.attributes
    assert.equal(
      [tests, failures, errors, skipped],
      ['testcase', 'failure', 'error', 'skipped'].map((name) => String(count(name, element))),
    )
  }
  assert.is(root.attributes['failures'], '4')
})

test('writes each verdict as its element', () => {
  const found = outcomes(parseReport())
  assert.is(found['hs.ok.minimal'], undefined)
  assert.is(found['hs.ver.v14']?.attributes['type'], 'must')
  assert.is(found['frag.orphan-fin1']?.attributes['type'], 'crash')
  assert.is(found['len.long16-1']?.name, 'system-out')
  assert.is(found['ping.ten']?.name, 'system-out')
  assert.is(found['frag.known']?.name, 'system-out')
  assert.is(found['pmd.neg.plain']?.attributes['message'], 'server declined permessage-deflate')
  assert.is(found['robust.files']?.name, 'error')
})

test('fails warnings when strict', () => {
  const warning = outcomes(parseReport(true))['len.long16-1']
  assert.is(warning?.name, 'failure')
  assert.is(warning?.attributes['type'], 'should')
})

test('carries the whole block of a failure and any text of the target', () => {
  const failure = outcomes(parseReport())['frag.markup']
  assert.match(failure!.text, /received {2}<\/script><b>&"'`\|\\x01/)
  assert.match(failure!.text, /again {5}dwebsocket conform/)
})

test('names the target in every suite when there are several', () => {
  const root = parseXml(formats['junit']([buildMixedRun(), buildMixedRun()], buildContext()))
  assert.is(root.children[0].attributes['name'], 'ws 8.18 hs.ok')
  assert.is(root.children[0].children[1].attributes['classname'], 'dwebsocket conform.ws 8_18.server.hs.ok')
})
