import { ReplyStream } from '../../../bench/load/reply-stream.ts'
import { echoScript } from '../../../bench/load/script.ts'
import { buildFrame, CLOSE, PING } from '../../../bench/wire/frame.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('bench wire reply stream')

const script = echoScript('binary', 200, 4)
const { bytes, payloads, opcode } = script.expected
const frameSize = bytes.length / payloads.length

function feed(input: Buffer, chunkSize: number, onPing: (payload: Buffer) => void = () => {}): number {
  const stream = new ReplyStream(script.expected, onPing)
  let completed = 0
  for (let at = 0; at < input.length; at += chunkSize) {
    completed += stream.receive(input, at, Math.min(at + chunkSize, input.length))
  }
  return completed
}

test('counts right replies however they are cut, round after round', () => {
  const thrice = Buffer.concat([bytes, bytes, bytes])
  for (const chunkSize of [1, 7, frameSize - 1, frameSize, frameSize + 1, bytes.length, thrice.length]) {
    assert.is(feed(thrice, chunkSize), 12, `in chunks of ${chunkSize}`)
  }
})

test('does not count a reply before its last byte', () => {
  assert.is(feed(bytes.subarray(0, frameSize - 1), 1000), 0)
  assert.is(feed(bytes.subarray(0, frameSize), 1000), 1)
})

test('accepts a reply in fragments and pings between', () => {
  const [first, ...others] = payloads.map((payload) => buildFrame(opcode, payload))
  const parts = [
    first,
    buildFrame(opcode, payloads[1].subarray(0, 50), { fin: false }),
    buildFrame(PING, Buffer.from('are you there')),
    buildFrame(0, payloads[1].subarray(50)),
    ...others.slice(1),
    bytes,
  ]
  const pings: string[] = []
  for (const chunkSize of [1, 61, 5000]) {
    assert.is(
      feed(Buffer.concat(parts), chunkSize, (payload) => pings.push(payload.toString())),
      8,
    )
  }
  assert.equal(pings, Array(3).fill('are you there'))
})

const flipped = Buffer.from(bytes)
flipped[frameSize + 100] ^= 1
const swapped = Buffer.concat([bytes.subarray(frameSize, 2 * frameSize), bytes.subarray(0, frameSize)])

for (const [sentence, wrong, message] of [
  ['one wrong bit', flipped, /reply 1 differs .* at byte 9[0-9] of 200/],
  ['two replies swapped', swapped, /reply 0 differs/],
  ['a reply too short', buildFrame(opcode, payloads[0].subarray(1)), /reply 0 has 199 bytes, expected 200/],
  ['a reply of the other type', buildFrame(1, payloads[0]), /reply 0 has opcode 1, expected 2/],
  ['a Close frame', buildFrame(CLOSE, Buffer.from('\u0003\u00e8bye', 'latin1')), /closed the connection: 1000 bye/],
] as const) {
  test(`fails on ${sentence}`, async () => {
    for (const chunkSize of [1, 50, 10_000]) {
      assert.match((await thrownBy(() => feed(wrong, chunkSize))).message, message)
    }
  })
}
