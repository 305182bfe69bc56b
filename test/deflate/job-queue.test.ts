import { AsyncLocalStorage } from 'node:async_hooks'
import { type Job, JobQueue } from '../../src/deflate/job-queue.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate job queue')

/** A job that logs its calls and ends on request. */
class NotedJob implements Job {
  readonly isLong: boolean
  readonly #log: string[]
  readonly #name: string
  end: () => void = () => {}
  release: () => void = () => {}

  constructor(name: string, log: string[], isLong = false) {
    this.isLong = isLong
    this.#name = name
    this.#log = log
  }

  start(finished: () => void): void {
    this.#log.push(`${this.#name} starts`)
    this.end = finished
  }

  stop(released: () => void): void {
    this.#log.push(`${this.#name} stops`)
    this.release = released
  }
}

function makeJobs(): { log: string[]; queue: JobQueue; a: NotedJob; b: NotedJob; c: NotedJob } {
  const log: string[] = []
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new NotedJob(name, log))
  const queue = new JobQueue(1)
  for (const job of [a, b, c]) queue.add(job)
  return { log, queue, a, b, c }
}

test('runs as many as it has lanes, in order', () => {
  const { log, a, b } = makeJobs()
  assert.equal(log, ['a starts'])
  a.end()
  b.end()
  assert.equal(log, ['a starts', 'b starts', 'c starts'])
})

test('forgets a waiting job that is removed', () => {
  const { log, queue, a, b } = makeJobs()
  queue.remove(b)
  a.end()
  assert.equal(log, ['a starts', 'c starts'])
})

test('stops a running job that is removed, and starts the next when it has ended', () => {
  const { log, queue, a } = makeJobs()
  queue.remove(a)
  assert.equal(log, ['a starts', 'a stops'])
  a.release()
  assert.equal(log, ['a starts', 'a stops', 'b starts'])
  queue.remove(a)
  a.release()
  assert.is(log.length, 3)
})

test('continues when a job finishes synchronously', () => {
  const started: number[] = []
  const queue = new JobQueue(1)
  for (let index = 0; index < 3; index++) {
    queue.add({
      isLong: false,
      start(finished) {
        started.push(index)
        finished()
      },
      stop: (released) => released(),
    })
  }
  assert.equal(started, [0, 1, 2])
})

test('starts short jobs before long ones, and reserves one lane for short and one for long jobs', () => {
  const log: string[] = []
  const queue = new JobQueue(3)
  const make = (name: string): NotedJob => {
    const job = new NotedJob(name, log, name.startsWith('long'))
    queue.add(job)
    return job
  }
  const long = [1, 2, 3, 4].map((number) => make(`long ${number}`))
  assert.equal(log.splice(0), ['long 1 starts', 'long 2 starts'], 'the last lane is for short ones')
  const short = [1, 2, 3, 4].map((number) => make(`short ${number}`))
  assert.equal(log.splice(0), ['short 1 starts'])
  long[0].end()
  short[0].end()
  assert.equal(log.splice(0), ['short 2 starts', 'short 3 starts'], 'before the long ones')
  long[1].end()
  assert.equal(log.splice(0), ['long 3 starts'], 'before the short one: no long one is running')
  short[1].end()
  queue.remove(short[2])
  short[2].release()
  assert.equal(log.splice(0), ['short 4 starts', 'short 3 stops', 'long 4 starts'])
})

test('runs long jobs on a single lane too', () => {
  const log: string[] = []
  const queue = new JobQueue(1)
  const jobs = ['a', 'b'].map((name) => new NotedJob(name, log, true))
  for (const job of jobs) queue.add(job)
  jobs[0].end()
  assert.equal(log, ['a starts', 'b starts'])
})

test('starts each job in the AsyncLocalStorage store of the code that added it, although the previous job ends in another', () => {
  const storage = new AsyncLocalStorage<string>()
  const stores: unknown[] = []
  class StoreJob extends NotedJob {
    override start(finished: () => void): void {
      super.start(finished)
      stores.push(storage.getStore())
    }
  }
  const queue = new JobQueue(1)
  const [first, second] = [new StoreJob('a', []), new StoreJob('b', [])]
  storage.run('first connection', () => queue.add(first))
  storage.run('second connection', () => queue.add(second))
  storage.run('first connection', () => first.end())
  assert.equal(stores, ['first connection', 'second connection'])
})
