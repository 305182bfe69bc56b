import { readFileSync } from 'node:fs'
import loadWabt from 'wabt'
import { FrameParser, type FrameSink } from '../../src/core/frame-parser.ts'
import { isPortable } from '../../src/core/portable.ts'
import { moduleText, simd } from '../../src/core/simd.ts'
import { assert, suite } from '../support/unit.ts'
import { frame, hex, maskSlowly, seededRandom } from '../support/wire.ts'

const test = suite('simd')
const KEY = hex('37 fa 21 3d')

test('is the module that its source says', async () => {
  const wabt = await loadWabt()
  const source = readFileSync(new URL('../../src/core/simd.wat', import.meta.url), 'utf8')
  const { buffer } = wabt.parseWat('simd.wat', source, { simd: true }).toBinary({})
  assert.is(moduleText, Buffer.from(buffer).toString('base64'))
})

test('is there unless the plain twins are asked for', () => {
  assert.is(simd === null, isPortable)
})

test('is not there where the processor has no SIMD, or the runtime no WebAssembly', async (t) => {
  const global = globalThis as { WebAssembly?: unknown }
  const { WebAssembly } = global
  t.after(() => {
    global.WebAssembly = WebAssembly
  })
  const Module = class {
    constructor() {
      throw new Error('no SIMD')
    }
  }
  for (const [i, engine] of [undefined, { Module }].entries()) {
    global.WebAssembly = engine
    const other: typeof import('../../src/core/simd.ts') = await import(`../../src/core/simd.ts?without=${i}`)
    assert.is(other.simd, null)
  }
})

if (simd !== null) {
  const { window, unmask, unmaskRun, flags } = simd

  test('unmasks every length from 0 to 80 at every offset as a byte loop does, and tells ASCII from the rest', () => {
    const random = seededRandom(3)
    for (let length = 0; length <= 80; length++) {
      for (let offset = 0; offset < 17; offset++) {
        for (const limit of [128, 256]) {
          window.fill(0xee, 0, 128)
          const plain = Buffer.from(Array.from({ length }, () => Math.floor(random() * limit)))
          maskSlowly(plain, KEY).copy(window, offset)
          const flag = unmask(offset, offset + length, KEY.readInt32LE(0))
          assert.is(window.toString('hex', offset, offset + length), plain.toString('hex'))
          assert.is(flag, plain.some((byte) => byte > 127) ? 128 : 0)
          assert.is(window[offset + length], 0xee)
          if (offset > 0) assert.is(window[offset - 1], 0xee)
        }
      }
    }
  })

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
    for (const other of others) {
      const bytes = Buffer.concat([whole, other])
      bytes.copy(window)
      assert.is(unmaskRun(0, bytes.length), whole.length)
      assert.equal([...flags.subarray(0, 3)], [0, 128, 0])
      assert.ok(window.subarray(whole.length, bytes.length).equals(other), 'left as it was')
      assert.is(unmaskRun(0, bytes.length), whole.length, 'again')
      assert.is(window.toString('utf8', 6, 10), 'text')
    }
  })
}

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
    const window = simd?.window ?? Buffer.alloc(bytes.length)
    bytes.copy(window)
    const inWindow = parse(window, bytes.length)
    assert.equal(inWindow, parse(bytes, bytes.length))
    wholeCount += inWindow.wholeCount
  }
  assert.is(wholeCount > 1000, simd !== null)
})
