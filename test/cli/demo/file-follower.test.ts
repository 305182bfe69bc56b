import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileFollower } from '../../../src/cli/demo/file-follower.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('file follower')

/** Makes a folder, and a follower of the file `log` in it. */
function makeFollower(t: TestContext, content?: string | Buffer) {
  const folder = mkdtempSync(join(tmpdir(), 'follower-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'log')
  if (content !== undefined) writeFileSync(path, content)
  const follower = new FileFollower(path)
  t.after(() => follower.close())
  return { folder, path, follower, append: (text: string | Buffer) => appendFileSync(path, text) }
}

test('the first look returns the existing lines, the next what was appended, and nothing twice', async (t) => {
  const { follower, append } = makeFollower(t, 'one\ntwo\n')
  assert.equal(await follower.look(), ['one', 'two'])
  assert.equal(await follower.look(), [])
  append('three\nfo')
  assert.equal(await follower.look(), ['three'])
  assert.is(follower.rest, 'fo')
  append('ur\r\n')
  assert.equal(await follower.look(), ['four'])
  assert.is(follower.rest, '')
})

test('a large file is read from near its end, from the start of a line', async (t) => {
  const line = `${'x'.repeat(99)}\n`
  const { follower, append } = makeFollower(t, line.repeat(100_000))
  const lines = await follower.look()
  assert.is(follower.size, 10_000_000)
  assert.ok(follower.readBytes <= 65 * 1024, String(follower.readBytes))
  assert.is(lines.length, 655)
  assert.ok(lines.every((found) => found === 'x'.repeat(99)))
  append('new\n')
  assert.equal(await follower.look(), ['new'])
  assert.ok(follower.readBytes <= 65 * 1024)
})

test('a line that starts exactly where reading starts is complete', async (t) => {
  const { follower } = makeFollower(t, `before\n${'y'.repeat(1023)}\n`.padEnd(7 + 64 * 1024, `${'y'.repeat(1023)}\n`))
  const lines = await follower.look()
  assert.equal(lines, Array(64).fill('y'.repeat(1023)))
})

test('a renamed file is read to its end before the new file from its start', async (t) => {
  const { follower, path, append } = makeFollower(t, 'a\n')
  await follower.look()
  append('b\n')
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, 'c\nnot ended')
  writeFileSync(path, 'd\n')
  assert.equal(await follower.look(), ['b', 'c', 'not ended', { event: 'rotated' }, 'd'])
  append('e\n')
  assert.equal(await follower.look(), ['e'])
})

test('while the new file is empty, the old one is still read', async (t) => {
  const { follower, path, append } = makeFollower(t, 'a\n')
  await follower.look()
  renameSync(path, `${path}.1`)
  writeFileSync(path, '')
  assert.equal(await follower.look(), [])
  appendFileSync(`${path}.1`, 'b\n')
  assert.equal(await follower.look(), ['b'])
  append('c\n')
  assert.equal(await follower.look(), [{ event: 'rotated' }, 'c'])
})

test('while there is no new file, the renamed one is followed', async (t) => {
  const { follower, path } = makeFollower(t, 'a\n')
  await follower.look()
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, 'b\n')
  assert.equal(await follower.look(), [{ event: 'missing' }, 'b'])
  assert.is(follower.trouble, 'ENOENT')
  appendFileSync(`${path}.1`, 'c\n')
  assert.equal(await follower.look(), ['c'])
  writeFileSync(path, 'd\n')
  assert.equal(await follower.look(), [{ event: 'found' }, { event: 'rotated' }, 'd'])
  assert.is(follower.trouble, null)
})

test('a truncated file is read from its start again', async (t) => {
  const { follower, path, append } = makeFollower(t, 'one\ntwo\nthr')
  await follower.look()
  truncateSync(path)
  assert.equal(await follower.look(), ['thr', { event: 'truncated' }])
  append('new\n')
  assert.equal(await follower.look(), ['new'])
})

test('a file that was truncated and has outgrown its old size is read from its start again', async (t) => {
  const { follower, path } = makeFollower(t, 'one\ntwo\n')
  await follower.look()
  writeFileSync(path, 'ONE\nTWO\nTHREE\n')
  assert.equal(await follower.look(), [{ event: 'truncated' }, 'ONE', 'TWO', 'THREE'])
})

test('a missing file is read from its start when it appears', async (t) => {
  const { follower, append } = makeFollower(t)
  assert.equal(await follower.look(), [{ event: 'missing' }])
  assert.equal(await follower.look(), [])
  append('first\nsecond\n')
  assert.equal(await follower.look(), [{ event: 'found' }, 'first', 'second'])
})

test('a deleted file is read to its end and closed, and its successor is read from its start', async (t) => {
  const { follower, path, append } = makeFollower(t, 'a\n')
  await follower.look()
  linkSync(path, `${path}.link`)
  append('b\nc')
  rmSync(path)
  assert.equal(await follower.look(), [{ event: 'missing' }, 'b'])
  rmSync(`${path}.link`)
  assert.equal(await follower.look(), ['c'])
  assert.is(follower.size, 0)
  append('d\n')
  assert.equal(await follower.look(), [{ event: 'found' }, 'd'])
})

test('a character that is split by the end of a chunk or of a look is complete', async (t) => {
  const { follower, append } = makeFollower(t, '')
  await follower.look()
  const text = `${'日'.repeat(1000)}\n`.repeat(100)
  const bytes = Buffer.from(text)
  const lines: unknown[] = []
  for (const [start, end] of [
    [0, 65_537],
    [65_537, 200_000],
    [200_000, bytes.length],
  ]) {
    append(bytes.subarray(start, end))
    lines.push(...(await follower.look()))
  }
  assert.equal(lines, Array(100).fill('日'.repeat(1000)))
})

test('an endless line is truncated and does not use more memory as it grows', async (t) => {
  const { follower, append } = makeFollower(t, '')
  await follower.look()
  for (let round = 0; round < 5; round++) {
    append('z'.repeat(200_000))
    assert.equal(await follower.look(), [])
    assert.is(follower.rest, `${'z'.repeat(4096)}…`)
  }
  append('\nnext\n')
  assert.equal(await follower.look(), [`${'z'.repeat(4096)}…`, 'next'])
})

test('a file that grows too fast is skipped up to its end, and that is reported', async (t) => {
  const { follower, append } = makeFollower(t, 'begun')
  await follower.look()
  const readBytes = follower.readBytes
  append(` line\n${`${'w'.repeat(99)}\n`.repeat(30_000)}`)
  const entries = await follower.look()
  assert.equal(entries.slice(0, 2), ['begun', { event: 'skipped', bytes: 6 + 3_000_000 - 65_536 }])
  assert.is(entries.length, 2 + 655)
  assert.ok(follower.readBytes - readBytes < 66 * 1024)
})

test('only a regular file is opened; another one is followed when it becomes regular', async (t) => {
  const { follower, path } = makeFollower(t)
  mkdirSync(path)
  assert.equal(await follower.look(), [{ event: 'unreadable', reason: 'not a regular file' }])
  rmSync(path, { recursive: true })
  execFileSync('mkfifo', [path])
  assert.equal(await follower.look(), [])
  rmSync(path)
  writeFileSync(path, 'now\n')
  assert.equal(await follower.look(), [{ event: 'found' }, 'now'])
})
