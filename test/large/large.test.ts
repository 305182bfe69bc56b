import { assert, suite } from '../support/unit.ts'
import { faultsOf, type Job, runJob } from './run.ts'

const test = suite('memory of large streams', { timeLimit: 120_000 })

/** `npm run large` runs the same test with 2 GiB. */
const size = 64 * 1024 * 1024
const jobs: [string, Job][] = [
  ['from a client', { kind: 'up', size, deflate: false }],
  ['from a server', { kind: 'down', size, deflate: false }],
  ['in one frame', { kind: 'frame', size, deflate: false }],
  ['as a bomb to a reader that is late', { kind: 'bomb', size, deflate: true }],
]

for (const [way, job] of jobs) {
  test(`a message passes through less than 1 MiB and a piece of a frame on either side: ${way}`, async () => {
    assert.equal(faultsOf(job, await runJob(job)), [])
  })
}
