import { PassThrough } from 'node:stream'
import { DeferredHead } from '../../src/server/deferred-head.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deferred head')

const read = (stream: PassThrough): string => String(stream.read() ?? '')

test('sends the head on send(), made at that time, once', () => {
  const stream = new PassThrough()
  let head = 'early '
  const deferred = new DeferredHead(stream, () => stream.write(head))
  assert.is(read(stream), '')
  head = 'late '
  deferred.send()
  deferred.send()
  stream.write('body')
  assert.is(read(stream), 'late body')
  assert.is(stream.write, PassThrough.prototype.write)
})

test('sends the head before the first bytes that are written', () => {
  const stream = new PassThrough()
  const deferred = new DeferredHead(stream, () => stream.write('head '))
  stream.write('one ')
  stream.write('two ')
  deferred.send()
  assert.is(read(stream), 'head one two ')
})

test('restores a write method that other code has set', () => {
  const stream = new PassThrough()
  const { write } = stream
  const seen: string[] = []
  const own = (chunk: string): boolean => {
    seen.push(chunk)
    return write.call(stream, chunk, 'latin1')
  }
  stream.write = own as typeof write
  new DeferredHead(stream, () => stream.write('head')).send()
  assert.equal(seen, ['head'])
  assert.is(stream.write as unknown, own)
})

test('sends nothing to a stream that is closed', () => {
  const destroyed = new PassThrough()
  destroyed.destroy()
  const ended = new PassThrough().end()
  for (const stream of [destroyed, ended]) new DeferredHead(stream, () => assert.unreachable()).send()
})
