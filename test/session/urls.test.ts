import { Urls } from '../../src/session/urls.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('urls')

const urls = new Urls({
  '/': 'root',
  '/chat': 'chat',
  '/chat/': 'chat with a slash',
  '/chat/:room': 'room',
  '/chat/:room/:name': 'member',
  '/chat/lobby': 'lobby',
  '/:any/echo': 'echo of any',
  '/café/:dish': 'café',
})

function foundAt(path: string): string | undefined {
  return urls.match(path)?.value
}

function paramsOf(path: string): object {
  return { ...urls.match(path)?.params }
}

test('finds a path without parameters, before one with', () => {
  assert.is(foundAt('/'), 'root')
  assert.is(foundAt('/chat'), 'chat')
  assert.is(foundAt('/chat/lobby'), 'lobby')
  assert.is(foundAt('/nothing'), undefined)
})

test('returns parameters by name, each one non-empty segment', () => {
  assert.equal(paramsOf('/chat/red'), { room: 'red' })
  assert.equal(paramsOf('/chat/red/ann'), { room: 'red', name: 'ann' })
  assert.is(foundAt('/chat/red/'), undefined)
  assert.is(foundAt('/chat//ann'), undefined)
  assert.is(foundAt('/chat/red/ann/x'), undefined)
})

test('uses the first of two patterns with parameters that both match', () => {
  assert.equal(urls.match('/chat/echo')?.value, 'room')
  assert.equal(urls.match('/other/echo')?.value, 'echo of any')
})

test('distinguishes a path with a trailing slash from one without', () => {
  assert.is(foundAt('/chat/'), 'chat with a slash')
  assert.is(foundAt('/chat/lobby/'), undefined)
})

test('is case-sensitive and does not resolve dots', () => {
  assert.is(foundAt('/Chat'), undefined)
  assert.equal(paramsOf('/chat/..'), { room: '..' })
  assert.is(foundAt('/x/../chat'), undefined)
})

test('percent-decodes parameters and literals, and an escaped slash does not separate', () => {
  assert.equal(paramsOf('/chat/a%20b%2Fc%C3%A9'), { room: 'a b/cé' })
  assert.is(foundAt('/ch%61t'), 'chat')
  assert.is(foundAt('/chat%2Flobby'), undefined)
  assert.equal(paramsOf('/caf%C3%A9/tea'), { dish: 'tea' })
  assert.equal(paramsOf('/chat/a+b'), { room: 'a+b' })
})

test('throws a URIError for an escape that is not valid UTF-8', async () => {
  for (const path of ['/chat/%', '/chat/%zz', '/chat/%ff', '/%c3/x']) {
    assert.instance(await thrownBy(() => urls.match(path)), URIError, path)
  }
})

test('is safe with names of Object.prototype, in paths and in patterns', () => {
  const table = new Urls({ '/:__proto__/:constructor': 1 })
  const params = table.match('/a/b')?.params
  assert.is(Object.entries(params ?? {})[0][1], 'a')
  assert.is(params?.['constructor'], 'b')
  assert.is(table.match('/__proto__'), null)
  assert.is(new Urls({ '/x': 1 }).match('/constructor'), null)
})

test('refuses patterns that are not paths or match the same paths', async () => {
  const wrong: [Record<string, number>, RegExp][] = [
    [{ chat: 1 }, /does not begin with a slash/],
    [{ '/a/*': 1 }, /pattern \/a\/\* has the segment \*; allowed: literals, :name, and \* as the whole pattern/],
    [{ '/*': 1 }, /allowed: literals/],
    [{ '/a?b=1': 1 }, /allowed: literals/],
    [{ '/a#b': 1 }, /allowed: literals/],
    [{ '/:': 1 }, /allowed: letters, digits and _/],
    [{ '/:a-b': 1 }, /allowed: letters, digits and _/],
    [{ '/:a/:a': 1 }, /parameter :a twice/],
    [{ '/x/:a': 1, '/x/:b': 2 }, /pattern \/x\/:b matches the same paths as \/x\/:a/],
  ]
  for (const [table, message] of wrong) {
    const error = await thrownBy(() => new Urls(table))
    assert.instance(error, TypeError)
    assert.match(error.message, message)
  }
})

test('keeps a literal apart from a parameter of the same text', () => {
  const table = new Urls({ '/a/x': 'literal', '/a/:x': 'parameter' })
  assert.is(table.match('/a/x')?.value, 'literal')
  assert.is(table.match('/a/y')?.value, 'parameter')
})

test('uses the pattern * for what no other pattern matches', () => {
  const table = new Urls({ '/a': 'a', '*': 'rest' })
  assert.is(table.match('/a')?.value, 'a')
  assert.is(table.match('/b/c')?.value, 'rest')
  assert.equal({ ...table.match('/b/c')?.params }, {})
})
