import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { HandshakeError } from '../../src/core/errors.ts'
import { Admission } from '../../src/server/admission.ts'
import { type AdmissionOptions, readServerOptions } from '../../src/server/options.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('admission')

const request = (remoteAddress: string | undefined, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage

class Stream extends EventEmitter {
  closed = false
}

const makeAdmission = (options: AdmissionOptions): Admission => new Admission(readServerOptions(options))

/** Makes an admission, and a function that admits a client and returns its stream. */
function door(options: AdmissionOptions) {
  const admission = makeAdmission(options)
  return (address: string, forwarded?: string): Stream => {
    const stream = new Stream()
    admission.enter(request(address, forwarded), stream as unknown as Duplex)
    return stream
  }
}

test('S-53: refuses more than maxConnections with 503 and Retry-After until one closes', async () => {
  const enter = door({ maxConnections: 2 })
  const first = enter('10.0.0.1')
  enter('10.0.0.2')
  const error = (await thrownBy(() => enter('10.0.0.3'))) as HandshakeError
  assert.instance(error, HandshakeError)
  assert.equal([error.status, error.code, error.headers], [503, 'ERR_WS_TOO_MANY', { 'Retry-After': '5' }])
  first.emit('close')
  enter('10.0.0.3')
  await thrownBy(() => enter('10.0.0.3'))
})

test('S-53: refuses more than maxConnectionsPerAddress connections from one address, and accepts others', async () => {
  const enter = door({ maxConnectionsPerAddress: 2 })
  const streams = [enter('10.0.0.1'), enter('10.0.0.1')]
  const error = (await thrownBy(() => enter('10.0.0.1'))) as HandshakeError
  assert.equal([error.status, error.headers], [503, { 'Retry-After': '5' }])
  enter('10.0.0.2')
  for (const stream of streams) stream.emit('close')
  enter('10.0.0.1')
  enter('10.0.0.1')
  await thrownBy(() => enter('10.0.0.1'))
})

test('has no limit by default', () => {
  const enter = door({})
  for (let i = 0; i < 10_000; i++) enter('10.0.0.1')
})

test('does not count a stream that has closed before', () => {
  const admission = makeAdmission({ maxConnections: 1, maxConnectionsPerAddress: 1 })
  const gone = new Stream()
  gone.closed = true
  admission.enter(request('10.0.0.1'), gone as unknown as Duplex)
  admission.enter(request('10.0.0.1'), new Stream() as unknown as Duplex)
})

test('S-54: uses X-Forwarded-For of trusted proxies only, from right to left', () => {
  const networks = makeAdmission({ trustedProxies: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'] })
  const none = makeAdmission({})
  const cases: [socket: string | undefined, forwarded: string | undefined, expected: string][] = [
    ['203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['::ffff:10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', 'spoofed, 9.9.9.9, 1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '9.9.9.9, 1.2.3.4 , 192.0.2.7,10.9.9.9', '1.2.3.4'],
    ['2001:db8::1', '2001:db9::5', '2001:db9::5'],
    ['10.0.0.1', '9.9.9.9, not an address', '10.0.0.1'],
    ['10.0.0.1', '9.9.9.9, not an address, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    [undefined, '1.2.3.4', ''],
  ]
  for (const [socket, forwarded, expected] of cases) {
    assert.is(networks.addressOf(request(socket, forwarded)), expected, `${socket} ← ${forwarded}`)
    assert.is(none.addressOf(request(socket, forwarded)), socket ?? '')
  }
})

const forwardedRequest = (socket: string, headers: Record<string, string>): IncomingMessage =>
  ({ socket: { remoteAddress: socket }, headers }) as unknown as IncomingMessage

test('S-54: reads ports, brackets and quotes in X-Forwarded-For, and reads Forwarded when that is missing', () => {
  const admission = makeAdmission({ trustedProxies: ['10.0.0.0/8'] })
  const cases: [headers: Record<string, string>, expected: string][] = [
    [{ 'x-forwarded-for': '203.0.113.7:51234' }, '203.0.113.7'],
    [{ 'x-forwarded-for': '1.1.1.1, "[2001:db8::7]:51234", 10.0.0.2:80' }, '2001:db8::7'],
    [{ forwarded: 'for=203.0.113.7' }, '203.0.113.7'],
    [{ forwarded: 'for=1.1.1.1, For="[2001:db8::7]:4711";proto=https, for=10.0.0.2' }, '2001:db8::7'],
    [{ forwarded: 'for=1.1.1.1, for=unknown' }, '10.0.0.1'],
    [{ forwarded: 'for=1.1.1.1, proto=https' }, '10.0.0.1'],
    [{ forwarded: 'for=9.9.9.9', 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
    [{ forwarded: 'for=9.9.9.9', 'x-forwarded-for': '' }, '10.0.0.1'],
  ]
  for (const [headers, expected] of cases) {
    assert.is(admission.addressOf(forwardedRequest('10.0.0.1', headers)), expected, JSON.stringify(headers))
    assert.is(admission.addressOf(forwardedRequest('192.0.2.1', headers)), '192.0.2.1')
  }
})

test('S-54: counts by the address that was found', async () => {
  const enter = door({ maxConnectionsPerAddress: 1, trustedProxies: ['10.0.0.1'] })
  enter('10.0.0.1', '1.1.1.1')
  enter('10.0.0.1', '1.1.1.2')
  await thrownBy(() => enter('10.0.0.1', '7.7.7.7, 1.1.1.1'))
})

test('reads a long X-Forwarded-For in linear time', () => {
  const admission = makeAdmission({ trustedProxies: ['0.0.0.0/0'] })
  const begin = process.cpuUsage()
  for (const hop of [' ', ',', '1.2.3.4,', '1', '"', '[::1]:80,']) {
    const value = hop.repeat(65_536 / hop.length)
    admission.addressOf(request('10.0.0.1', value))
    admission.addressOf(forwardedRequest('10.0.0.1', { forwarded: value }))
  }
  const { user, system } = process.cpuUsage(begin)
  assert.ok(user + system < 500_000, `${user + system} µs`)
})

test('throws for limits and proxies that are not allowed', async () => {
  for (const options of [{ maxConnections: 0 }, { maxConnectionsPerAddress: -1 }, { maxConnections: Number.NaN }]) {
    assert.instance(await thrownBy(() => makeAdmission(options)), RangeError)
  }
  for (const options of [{ maxConnections: '5' as never }, { trustedProxies: '10.0.0.1' as never }]) {
    assert.instance(await thrownBy(() => makeAdmission(options)), TypeError)
  }
  for (const proxy of ['proxy.example', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/x', '::/129', '', 5]) {
    assert.instance(await thrownBy(() => makeAdmission({ trustedProxies: [proxy as string] })), RangeError, `${proxy}`)
  }
})
