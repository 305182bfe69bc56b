import { MessageChannel } from 'node:worker_threads'
import { MessageSlab } from '../../../src/connection/receive/message-slab.ts'
import { type DeliveredRun, MessageRun, makePlainUnmasker } from '../../../src/fast/message-run.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('message slab')

/** Makes a slab, and a run whose end the test sets. */
function make(window = Buffer.alloc(0)) {
  const run = { window, end: 0, generation: 0 } satisfies DeliveredRun
  return { run, slab: new MessageSlab(run) }
}

test('copies each message of a run to memory of its own', () => {
  const bytes = Buffer.from('..first..second')
  const { run, slab } = make(bytes)
  run.end = bytes.length
  const first = slab.copy(bytes, 2, 7)
  const second = slab.copy(bytes, 9, 15)
  bytes.fill(0)
  first.write('FIRST')
  assert.equal([String(first), String(second)], ['FIRST', 'second'])
  assert.equal(slab.copy(Buffer.alloc(5000, 7), 0, 5000), Buffer.alloc(5000, 7))
})

test('copies a run once, the next run again, and bytes outside a run separately', () => {
  const bytes = Buffer.from('one two')
  const { run, slab } = make(bytes)
  const copies = (): string[] => [slab.copy(bytes, 0, 3), slab.copy(bytes, 4, 7)].map(String)
  run.end = 7
  assert.equal(copies(), ['one', 'two'])
  bytes.write('ONE')
  assert.equal(copies(), ['one', 'two'], 'the same run')
  run.generation++
  assert.equal(copies(), ['ONE', 'two'], 'the next run')
  bytes.write('six')
  run.generation++
  run.end = 0
  assert.equal(copies(), ['six', 'two'], 'no run')
  run.end = 7
  assert.is(String(slab.copy(Buffer.from('elsewhere'), 0, 4)), 'else')
})

test('copies again what is read into the window after a run that ended with an exception', () => {
  const run = new MessageRun(makePlainUnmasker())
  const slab = new MessageSlab(run)
  const { window } = run
  const fill = (text: string): number => Buffer.from(`\x82\x83\0\0\0\0${text}`, 'latin1').copy(window)
  const seen: string[] = []
  const sink = {
    isStopped: false,
    onWholeMessage(_opcode: number, bytes: Buffer, start: number, end: number): void {
      seen.push(String(slab.copy(bytes, start, end)))
      throw new Error('not accepted')
    },
  }
  run.forget()
  assert.throws(() => run.read(0, fill('one'), sink), /not accepted/)
  run.forget()
  fill('two')
  seen.push(String(slab.copy(window, 6, 9)))
  assert.equal(seen, ['one', 'two'])
})

test('copies runs that no slab has room for, message by message', () => {
  const window = Buffer.alloc(64 * 1024)
  const { run, slab } = make(window)
  const size = 1000
  for (run.generation = 0; run.generation < 3; run.generation++) {
    run.end = window.length
    const copies: Buffer[] = []
    for (let at = 0; at + size <= window.length; at += size) {
      window.fill(copies.length + run.generation, at, at + size)
      // The messages are written one by one, so the run must not be copied before the message is requested.
      run.end = at + size
      copies.push(slab.copy(window, at, at + size))
    }
    for (const [index, copy] of copies.entries()) {
      assert.equal(copy, Buffer.alloc(size, index + run.generation), `${index}`)
    }
  }
})

test('keeps a message from taking the memory of the others along to a worker', () => {
  const { port1, port2 } = new MessageChannel()
  const bytes = Buffer.from('one')
  const { slab } = make()
  const message = slab.copy(bytes, 0, 3)
  // Node 20 copies what must not be transferred, later versions throw a DataCloneError.
  try {
    port1.postMessage(message, [message.buffer as ArrayBuffer])
  } catch (error) {
    assert.is((error as Error).name, 'DataCloneError')
  }
  assert.is(String(message), 'one')
  assert.is(String(slab.copy(bytes, 0, 3)), 'one')
  port1.close()
  port2.close()
})
