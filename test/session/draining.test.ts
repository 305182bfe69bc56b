import { Draining } from '../../src/session/draining.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('draining')

test('aborts every controller once, with the reason', () => {
  const server = new AbortController()
  const draining = new Draining(server.signal)
  const controllers = [new AbortController(), new AbortController()]
  for (const controller of controllers) draining.add(controller)
  server.abort('restart')
  server.abort('again')
  assert.equal(
    controllers.map(({ signal }) => signal.reason),
    ['restart', 'restart'],
  )
})

test('aborts at once what is added later', () => {
  const server = new AbortController()
  const draining = new Draining(server.signal)
  server.abort('restart')
  const controller = new AbortController()
  draining.add(controller)
  assert.is(controller.signal.reason, 'restart')
})

test('does not abort what was removed', () => {
  const server = new AbortController()
  const draining = new Draining(server.signal)
  const controller = new AbortController()
  draining.add(controller)
  draining.remove(controller)
  server.abort()
  assert.is(controller.signal.aborted, false)
})
