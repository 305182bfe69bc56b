import { UsageError } from '../../../bench/command/option-value.ts'
import { readSettings } from '../../../bench/command/options.ts'
import { QUICK, THOROUGH } from '../../../bench/measure/row-plan.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('bench options')

const read = (line: string) => readSettings(line.split(' ').filter(Boolean))

test('compares with ws, with and without its add-on, and a bare socket by default', () => {
  const { sketches, pace } = read('echo')
  assert.is(sketches.length, 1)
  assert.equal(sketches[0].peers, ['dwebsocket', 'ws', 'ws+bufferutil', 'ws+cork', 'raw'])
  assert.is(sketches[0].workload.size, 128)
  assert.equal(pace, THOROUGH)
})

test('makes a row of every combination of the lists', () => {
  const { sketches } = read('echo --size 16,1024 --connections 1,8 --depth 1,64')
  assert.is(sketches.length, 8)
  assert.is(new Set(sketches.map((sketch) => sketch.id)).size, 8)
})

test('measures another server instead of this library', () => {
  assert.equal(read('echo --api session --against ws').sketches[0].peers, ['dwebsocket+session', 'ws'])
  assert.equal(read('echo --portable --against ws').sketches[0].peers, ['dwebsocket+portable', 'ws'])
  assert.equal(read('echo --url ws://example.org/').sketches[0].peers, ['url'])
  assert.equal(read('echo --exec server{port} --against raw').sketches[0].peers, ['exec', 'raw'])
})

test('compares HTTP/2 with HTTP/1.1 over TLS, a thousand connections each', () => {
  const [{ peers, workload }] = read('echo --http2').sketches
  assert.equal(peers, ['dwebsocket+http2', 'dwebsocket+tls'])
  assert.is(workload.connections, 1000)
  assert.is(read('handshake --http2').sketches[0].workload.connections, 32)
  assert.equal(read('echo --http2 --url wss://example.org/').sketches[0].peers, ['url'])
  assert.ok(read('echo --http2 --url wss://example.org/').http2)
  assert.not.ok(read('echo').http2)
})

test('measures no other server when asked to', () => {
  assert.equal(read('echo --against none').sketches[0].peers, ['dwebsocket'])
})

test('measures memory where a scenario can', () => {
  assert.is(read('idle').sketches[0].workload.measure, 'memory')
  assert.is(read('deflate --memory').sketches[0].workload.measure, 'memory')
  assert.is(read('deflate').sketches[0].workload.measure, 'cpu')
  assert.ok(read('deflate').sketches[0].deflate)
})

test('makes a row for every attack of a hostile peer', () => {
  assert.ok(read('hostile').sketches.length > 5)
  assert.equal(
    read('hostile --attack bomb,pings').sketches.map((sketch) => [sketch.id, sketch.deflate]),
    [
      ['hostile-bomb', true],
      ['hostile-pings', false],
    ],
  )
})

test('shortens the rounds', () => {
  assert.equal(read('echo --quick').pace, QUICK)
  assert.equal(read('echo --quick --rounds 9 --duration 0.5').pace, { ...QUICK, rounds: 9, durationMs: 500 })
})

for (const [line, message] of [
  ['', /the command is missing; allowed: echo, /],
  ['ecko', /unknown command “ecko”/],
  ['echo --sise 3', /--sise/],
  ['echo --size big', /^option --size is 'big'; allowed: an integer from 0 up$/],
  ['echo --size 16,', /^option --size is ''; allowed: an integer/],
  ['echo --connections 0', /--connections is '0'; allowed: an integer from 1 up/],
  ['echo --kind french', /allowed: binary, ascii, cjk, json/],
  ['echo --against ws,wss', /--against is 'wss'; allowed: dwebsocket, /],
  ['echo --api portable', /allowed: connection, session/],
  ['echo --api session --portable', /exclude each other/],
  ['echo --http2 --api session', /--api session and --http2 exclude each other/],
  ['echo --http2 --portable', /--portable and --http2 exclude each other/],
  ['hostile --http2', /hostile and --http2 exclude each other/],
  ['echo --url ws://a --exec b{port}', /exclude each other/],
  ['echo --duration forever', /seconds from 0 to 3600/],
  ['echo twice', /unexpected “twice”/],
  ['hostile --attack hug', /allowed: fragments/],
  ['compare old.json', /two files/],
] as const) {
  test(`rejects “${line}”`, async () => {
    const error = await thrownBy(() => read(line))
    assert.instance(error, UsageError)
    assert.match(error.message, message)
  })
}
