import { Progress, type ProgressOptions } from '../../../src/conformance/report/index.ts'
import { buildCase } from '../../support/conformance-result.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/report/progress')

function start(groups: string[], options: Partial<ProgressOptions> = {}) {
  const written: string[] = []
  const clock = { now: 0 }
  const progress = new Progress({
    write: (text) => written.push(text),
    isTerminal: false,
    width: 80,
    color: false,
    strict: false,
    now: () => clock.now,
    ...options,
  })
  progress.start(groups)
  return { progress, written, clock }
}

test('writes one line per finished group in a pipe', () => {
  const { progress, written } = start(['hs.ok', 'hs.key', 'len'])
  progress.finished(buildCase('hs.ok.a'))
  progress.finished(buildCase('len.a', { verdict: 'warn' }))
  assert.equal(written, ['len           0/1  1 warn\n'])
  progress.finished(buildCase('hs.key.a'))
  progress.end()
  assert.is(written[1], 'hs            2/2\n')
})

test('updates one line on a terminal and wipes it at the end', () => {
  const { progress, written, clock } = start(['len', 'len', 'len', 'len'], { isTerminal: true })
  progress.running('len')
  clock.now = 1000
  progress.finished(buildCase('len.a', { verdict: 'fail' }))
  assert.is(written.at(-1), '\r1/4  len  1 failed  about 3.0 s left\x1b[K')
  progress.end()
  assert.is(written.at(-1), '\r\x1b[K')
})

test('does not redraw more often than the interval, but always at the end', () => {
  const { progress, written, clock } = start(['len', 'len', 'len'], { isTerminal: true, interval: 50 })
  clock.now = 100
  progress.finished(buildCase('len.a'))
  clock.now = 120
  progress.finished(buildCase('len.b'))
  assert.is(written.length, 1)
  progress.finished(buildCase('len.c'))
  assert.is(written.at(-1), '\r3/3  0 failed\x1b[K')
})

test('says a failure when it happens, above the line that changes', () => {
  const piped = start(['len', 'len'])
  piped.progress.finished(buildCase('len.a', { verdict: 'fail' }))
  assert.equal(piped.written, ['FAIL  len.a  Title of len.a\n'])
  piped.progress.end()
  const shown = start(['len', 'len'], { isTerminal: true, interval: 1000 })
  shown.progress.running('len')
  shown.progress.finished(buildCase('len.a', { verdict: 'crash' }))
  assert.equal(shown.written.slice(1), [
    '\r\x1b[KCRASH len.a  Title of len.a\n',
    '\r1/2  len  1 failed  about 0 ms left\x1b[K',
  ])
})

test('stays within the width and colors failures', () => {
  const { progress, written } = start(['len', 'len'], { isTerminal: true, width: 12, color: true })
  progress.finished(buildCase('len.a', { verdict: 'crash' }))
  assert.is(written.at(-1), '\r\x1b[31m1/2  1 fai…\x1b[0m\x1b[K')
})

test('gives signs of life while a long case runs, until the end', async (t) => {
  const lines: string[] = []
  const keepAlive = setInterval(() => {}, 1000)
  t.after(() => clearInterval(keepAlive))
  await new Promise<void>((resolve) => {
    const { progress } = start(['perf'], {
      heartbeat: 1,
      write: (text) => {
        lines.push(text)
        if (lines.length < 2) return
        progress.end()
        resolve()
      },
    })
    progress.running('perf')
  })
  assert.equal(lines, ['... 0/1  perf  0 failed\n', '... 0/1  perf  0 failed\n'])
})
