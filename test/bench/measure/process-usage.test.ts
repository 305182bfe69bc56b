import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  cpuSpentBetween,
  readCpu,
  readPeakResidentBytes,
  readResidentBytes,
  waitedForOthers,
} from '../../../bench/measure/process-usage.ts'
import { proc, testWith } from '../../support/need.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('bench cpu')

/** Creates a `/proc` of files with the given content. */
function makeProc(t: TestContext, files: Record<string, string>): string {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'))
  t.after(() => rmSync(proc, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(proc, name)), { recursive: true })
    writeFileSync(join(proc, name), content)
  }
  return proc
}

/** utime and stime are fields 14 and 15; the name in parentheses contains a space and a parenthesis. */
const statLine = (utime: number, stime: number): string =>
  `7 (node (x) y) S 1 7 7 0 -1 4194304 1 0 0 0 ${utime} ${stime} 0 0 20 0 11 0 1 1 1`

test('threads of one server that wait for each other do not count as other processes', () => {
  const second = 1e6
  assert.is(waitedForOthers({ ran: second, waited: 3 * second }, second, 1), 0)
  assert.is(waitedForOthers({ ran: 700_000, waited: 2 * second }, second, 1), 300_000)
  assert.is(waitedForOthers({ ran: 500_000, waited: 100_000 }, second, 1), 100_000)
  assert.is(waitedForOthers({ ran: second, waited: 2 * second }, second, 2), second)
  assert.is(waitedForOthers({ ran: 1_010_000, waited: 10_000 }, second, 1), 0)
})

test('sums the running and waiting time of all threads', (t) => {
  const before = makeProc(t, {
    '7/stat': statLine(1, 1),
    '7/task/7/schedstat': '1000000 500000 3\n',
    '7/task/8/schedstat': '2000000 0 3\n',
  })
  const after = makeProc(t, {
    '7/stat': statLine(5, 5),
    '7/task/7/schedstat': '4000000 2500000 9\n',
    '7/task/8/schedstat': '2500000 0 3\n',
    '7/task/9/schedstat': '700000 0 3\n',
  })
  const spent = cpuSpentBetween(readCpu(7, before)!, readCpu(7, after)!)
  assert.equal(spent, { ran: 3000 + 500 + 700, waited: 2000 })
})

test('uses the coarse clock when a thread ended, because its time is lost', (t) => {
  const before = makeProc(t, {
    '7/stat': statLine(100, 20),
    '7/task/7/schedstat': '1000000 0 3\n',
    '7/task/8/schedstat': '900000000 0 3\n',
  })
  const after = makeProc(t, { '7/stat': statLine(140, 25), '7/task/7/schedstat': '2000000 0 3\n' })
  assert.is(cpuSpentBetween(readCpu(7, before)!, readCpu(7, after)!).ran, 450_000)
})

test('counts the children of a process with it', (t) => {
  const proc = makeProc(t, {
    '7/stat': statLine(0, 0),
    '7/task/7/schedstat': '1000 0 1\n',
    '7/task/7/children': '9 ',
    '7/status': 'Name:\tsh\nVmRSS:\t    100 kB\n',
    '9/stat': statLine(0, 0),
    '9/task/9/schedstat': '2000 0 1\n',
    '9/status': 'Name:\tnode\nVmHWM:\t    900 kB\nVmRSS:\t    400 kB\n',
  })
  assert.equal([...readCpu(7, proc)!.threads.keys()], ['7', '9'])
  assert.is(readResidentBytes(7, proc), 500 * 1024)
  assert.is(readPeakResidentBytes(9, proc), 900 * 1024)
})

test('answers undefined where there is no such process', (t) => {
  const proc = makeProc(t, { version: 'none' })
  assert.is(readCpu(7, proc), undefined)
  assert.is(readResidentBytes(7, proc), undefined)
})

testWith(test, proc)('agrees with what the process itself reads', () => {
  const before = readCpu(process.pid)!
  const own = process.cpuUsage()
  for (let used = 0; used < 60_000; ) {
    const { user, system } = process.cpuUsage(own)
    used = user + system
  }
  const spent = cpuSpentBetween(before, readCpu(process.pid)!)
  assert.ok(spent.ran >= 50_000, `60 ms of work were read as ${spent.ran} µs`)
  assert.ok(readResidentBytes(process.pid)! > 1e7)
})
