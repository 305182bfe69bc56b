import fc from 'fast-check'
import type { ByteEngine } from '../../src/core/byte-engine.ts'
import { type DataFrameSink, FrameParser } from '../../src/core/frame-parser.ts'
import { plainEngine } from '../../src/core/plain-engine.ts'
import { fastEngine } from '../../src/fast/engine.ts'
import { makePlainUnmasker, messageRun, type RunUnmasker } from '../../src/fast/message-run.ts'
import { simd } from '../../src/fast/simd.ts'
import { bytes, chance } from '../support/arbitrary.ts'
import { assert, suite } from '../support/unit.ts'
import { frame, hex } from '../support/wire.ts'

const test = suite('message-run')
const KEY = hex('37 fa 21 3d')
/** The unmaskers: in plain JavaScript, and in WebAssembly where it is used. */
const unmaskers: readonly RunUnmasker[] = simd === null ? [makePlainUnmasker()] : [makePlainUnmasker(), simd]

test('stops a run before each frame that is not a whole masked message, and before an incomplete one', () => {
  const whole = Buffer.concat([frame(1, 'text'), frame(2, 'ä'.repeat(100)), frame(1, '')])
  const others = [
    frame(1, 'part', { fin: false }),
    frame(0, 'rest'),
    frame(9, 'ping'),
    frame(8),
    frame(1, 'bits', { rsv: 4 }),
    frame(1, 'unmasked', { key: null }),
    frame(2, Buffer.alloc(65_536)).subarray(0, 1000),
    frame(1, 'cut').subarray(0, 8),
    frame(1, 'x'.repeat(200)).subarray(0, 7),
    hex('82 fe 00 7d 00 00 00 00'),
    hex('81'),
  ]
  for (const { window, flags, unmaskRun } of unmaskers) {
    for (const other of others) {
      const bytes = Buffer.concat([whole, other])
      bytes.copy(window)
      assert.is(unmaskRun(0, bytes.length), whole.length)
      assert.equal([...flags.subarray(0, 3)], [0, 128, 0])
      assert.ok(window.subarray(whole.length, bytes.length).equals(other), 'left as it was')
      assert.is(unmaskRun(0, bytes.length), whole.length, 'again')
      assert.is(window.toString('utf8', 6, 10), 'text')
    }
  }
})

/** Returns what a parser finds in `bytes[0, length)`. The engine has read `wholeCount` of the messages. */
function parse(bytes: Buffer, length: number, engine: ByteEngine): { seen: string[]; wholeCount: number } {
  const seen: string[] = []
  let wholeCount = 0
  let current = ''
  const note = (opcode: number, piece: Buffer, start: number, end: number): void =>
    void seen.push(`true ${opcode} ${piece.toString('hex', start, end)}`)
  const data: DataFrameSink = {
    isStopped: false,
    onFrameHeader: (fin, _rsv1, opcode) => {
      current = `${fin} ${opcode} `
    },
    onFramePayload: (piece, start, end, _isAscii, last) => {
      current += piece.toString('hex', start, end)
      if (last) seen.push(current)
    },
    onWholeMessage: (opcode, piece, start, end) => {
      wholeCount++
      note(opcode, piece, start, end)
    },
  }
  try {
    new FrameParser({ control: { onControlFrame: note }, data }, { role: 'server', engine }).push(bytes, 0, length)
  } catch (error) {
    seen.push(String(error))
  }
  return { seen, wholeCount }
}

test('finds in random frames in the window what it finds elsewhere, and what the plain engine finds', () => {
  const payload = fc.oneof({ weight: 3, arbitrary: bytes(40) }, { weight: 1, arbitrary: bytes(300) })
  const oneFrame = fc
    .record({
      opcode: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(1, 2) }, fc.constantFrom(0, 3, 8, 9, 10)),
      payload,
      isFragment: chance(3),
      isUnmasked: chance(1),
    })
    .map(({ opcode, payload, isFragment, isUnmasked }) =>
      frame(opcode, payload, { fin: !isFragment, key: isUnmasked ? null : KEY }),
    )
  let wholeCount = 0
  const agrees = fc.property(fc.array(oneFrame, { minLength: 1, maxLength: 20 }), (frames) => {
    const all = Buffer.concat(frames)
    const { window } = messageRun
    all.copy(window)
    const plain = parse(Buffer.from(all), all.length, plainEngine)
    const inWindow = parse(window, all.length, fastEngine)
    assert.equal(inWindow, parse(all, all.length, fastEngine))
    assert.equal(inWindow.seen, plain.seen)
    assert.is(plain.wholeCount, 0)
    wholeCount += inWindow.wholeCount
  })
  fc.assert(agrees, { seed: 5, numRuns: 600 })
  assert.ok(wholeCount > 1000)
})
