import { FrameParser, type FrameSink } from '../../src/core/frame-parser.ts'
import { type MessageRun, makePlainRun, messageRun } from '../../src/fast/message-run.ts'
import { assert, suite } from '../support/unit.ts'
import { frame, hex, seededRandom } from '../support/wire.ts'

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
  const random = seededRandom(5)
  let wholeCount = 0
  for (let round = 0; round < 300; round++) {
    const frames = Array.from({ length: 20 }, () => {
      const opcode = random() < 0.9 ? 1 + Math.floor(random() * 2) : [0, 3, 8, 9, 10][Math.floor(random() * 5)]
      const payload = Buffer.alloc(Math.floor(random() ** 3 * 300), Math.floor(random() * 256))
      return frame(opcode, payload, { fin: random() < 0.97, key: random() < 0.99 ? KEY : null })
    })
    const bytes = Buffer.concat(frames)
    const window = messageRun.window
    bytes.copy(window)
    const inWindow = parse(window, bytes.length)
    assert.equal(inWindow, parse(bytes, bytes.length))
    wholeCount += inWindow.wholeCount
  }
  assert.ok(wholeCount > 1000)
})
