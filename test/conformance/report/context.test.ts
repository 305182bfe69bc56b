import { findRequirement, formatSection, sectionLink } from '../../../src/conformance/report/context.ts'
import { buildContext } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/context')

test('finds a requirement and the place where it can be read', () => {
  const requirement = findRequirement('6455-7.1.7-3', buildContext())
  assert.is(requirement.level, 'SHOULD')
  assert.is(formatSection(requirement), 'RFC 6455 §7.1.7')
  assert.is(sectionLink(requirement), 'https://www.rfc-editor.org/rfc/rfc6455.html#section-7.1.7')
})

test('reads RFC and section from the id when the catalogue does not have it', () => {
  const requirement = findRequirement('7692-7.2.1-9', buildContext())
  assert.is(formatSection(requirement), 'RFC 7692 §7.2.1')
  assert.is(requirement.statement, '')
})
