import { Draining } from '../../src/session/draining.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('draining')

test('aborts every controller once, with the reason', () => {
  const draining = new Draining()
  const controllers = [new AbortController(), new AbortController()]
  for (const controller of controllers) draining.add(controller)
  draining.begin('restart')
  draining.begin('again')
  assert.equal(
    controllers.map(({ signal }) => signal.reason),
    ['restart', 'restart'],
  )
})

test('aborts at once what is added later', () => {
  const draining = new Draining()
  draining.begin('restart')
  const controller = new AbortController()
  draining.add(controller)
  assert.is(controller.signal.reason, 'restart')
})

test('leaves alone what was removed', () => {
  const draining = new Draining()
  const controller = new AbortController()
  draining.add(controller)
  draining.remove(controller)
  draining.begin()
  assert.is(controller.signal.aborted, false)
})
