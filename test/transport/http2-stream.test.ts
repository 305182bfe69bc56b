import { constants, type ServerHttp2Stream } from 'node:http2'
import { PassThrough } from 'node:stream'
import { abortError, destroyStream, isEncrypted, isHttp2Stream } from '../../src/transport/http2-stream.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('http2 stream')

/** Makes an HTTP/2 stream with the fields that are read here. */
const streamWith = (fields: object): ServerHttp2Stream => ({ rstCode: 0, ...fields }) as ServerHttp2Stream

test('distinguishes HTTP/2 streams from others, and TLS from plain', () => {
  assert.is(isHttp2Stream(new PassThrough()), false)
  assert.is(isHttp2Stream(streamWith({})), true)
  const encrypted = [{ session: { encrypted: true } }, { session: { encrypted: false } }, { session: undefined }]
  assert.equal(
    encrypted.map((fields) => isEncrypted(streamWith(fields))),
    [true, false, false],
  )
  assert.is(isEncrypted(Object.assign(new PassThrough(), { encrypted: true })), true)
  assert.is(isEncrypted(new PassThrough()), false)
})

test('RFC 8441 §5: resets with CANCEL, and destroys other streams', () => {
  const calls: unknown[] = []
  destroyStream(streamWith({ close: (code: number) => calls.push(code), destroy: () => calls.push('destroy') }))
  assert.equal(calls, [constants.NGHTTP2_CANCEL, 'destroy'])
  const other = new PassThrough()
  destroyStream(other)
  assert.is(other.destroyed, true)
})

test('says why a stream was aborted', () => {
  const error = new Error('of the session')
  const session = { closed: false }
  const cases: [fields: object, message: string][] = [
    [{ errored: error, session }, 'of the session'],
    [{ session: { closed: true } }, 'the HTTP/2 connection was closed'],
    [{ session: undefined }, 'the HTTP/2 connection was closed'],
    [{ session, rstCode: 8 }, 'the peer reset the HTTP/2 stream with CANCEL'],
    [{ session, rstCode: 13 }, 'the peer reset the HTTP/2 stream with HTTP_1_1_REQUIRED'],
    [{ session, rstCode: 99 }, 'the peer reset the HTTP/2 stream with code 99'],
    [{ session, rstCode: undefined }, 'the peer reset the HTTP/2 stream with NO_ERROR'],
  ]
  for (const [fields, message] of cases) assert.is(abortError(streamWith(fields)).message, message)
})
