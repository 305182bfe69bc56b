import { describeProfile } from '../../../src/conformance/report/profile.ts'
import { buildMixedRun } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/profile')

test('writes every observation as a readable line', () => {
  const observations = {
    close_codes: { 1002: 58, 1007: 3 },
    message_limit: 104_857_600,
    idle: null,
    h2c: false,
    list: ['a', 2],
  }
  const profile = new Map(describeProfile(buildMixedRun({ observations })).map(({ name, value }) => [name, value]))
  assert.is(profile.get('permessage-deflate'), 'accepted')
  assert.is(profile.get('Server field'), 'not sent')
  assert.is(profile.get('close codes'), '1002 ×58, 1007 ×3')
  assert.is(profile.get('message limit'), '104,857,600')
  assert.is(profile.get('idle'), 'not seen')
  assert.is(profile.get('h2c'), 'no')
  assert.is(profile.get('list'), 'a, 2')
})
