import { MessageChannel } from 'node:worker_threads'
import { copyMessage, forgetCopies } from '../../../src/connection/receive/message-slab.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('message copy')

test('copies each message of a run to memory of its own', () => {
  const bytes = Buffer.from('..first..second')
  forgetCopies()
  const first = copyMessage(bytes, 2, 7, bytes.length)
  const second = copyMessage(bytes, 9, 15, bytes.length)
  bytes.fill(0)
  first.write('FIRST')
  assert.equal([String(first), String(second)], ['FIRST', 'second'])
  assert.equal(copyMessage(Buffer.alloc(5000, 7), 0, 5000, 5000), Buffer.alloc(5000, 7))
})

test('keeps a message from taking the memory of the others along to a worker', () => {
  const { port1, port2 } = new MessageChannel()
  const bytes = Buffer.from('one')
  forgetCopies()
  const message = copyMessage(bytes, 0, 3, 3)
  // Node 20 copies what may not be transferred, later ones throw a DataCloneError.
  try {
    port1.postMessage(message, [message.buffer as ArrayBuffer])
  } catch (error) {
    assert.is((error as Error).name, 'DataCloneError')
  }
  assert.is(String(message), 'one')
  forgetCopies()
  assert.is(String(copyMessage(bytes, 0, 3, 3)), 'one')
  port1.close()
  port2.close()
})
