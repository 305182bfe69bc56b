import fc from 'fast-check'
import { FrameParser, type FrameSink } from '../../src/core/frame-parser.ts'
import { type MessageRun, makePlainRun, messageRun } from '../../src/fast/message-run.ts'
import { bytes, chance } from '../support/arbitrary.ts'
import { assert, suite } from '../support/unit.ts'
import { frame, hex } from '../support/wire.ts'

const test = suite('message-run')
const KEY = hex('37 fa 21 3d')
/** The one in use, and its twin in plain JavaScript. */
const runs: readonly MessageRun[] = [messageRun, makePlainRun()]

test('stops a run before each frame that is no whole masked message, and before what is cut', () => {
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
  for (const { window, flags, unmaskRun } of runs) {
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

/** What a parser says of `bytes[0, length)`; `wholeCount` are the messages that took the express lane. */
function parse(bytes: Buffer, length: number): { seen: string[]; wholeCount: number } {
  const seen: string[] = []
  let wholeCount = 0
  let current = ''
  const sink: FrameSink = {
    onFrameHeader: (fin, _rsv1, opcode) => {
      current = `${fin} ${opcode} `
    },
    onFramePayload: (piece, start, end, _or, last) => {
      current += piece.toString('hex', start, end)
      if (last) seen.push(current)
    },
    onWholeMessage: (opcode, piece, start, end) => {
      wholeCount++
      seen.push(`true ${opcode} ${piece.toString('hex', start, end)}`)
    },
  }
  try {
    new FrameParser(sink, 'server').push(bytes, 0, length)
  } catch (error) {
    seen.push(String(error))
  }
  return { seen, wholeCount }
}

test('says of random frames in the window what it says of them elsewhere, and of as many at once', () => {
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
    const inWindow = parse(window, all.length)
    assert.equal(inWindow, parse(all, all.length))
    wholeCount += inWindow.wholeCount
  })
  fc.assert(agrees, { seed: 5, numRuns: 600 })
  assert.ok(wholeCount > 1000)
})
