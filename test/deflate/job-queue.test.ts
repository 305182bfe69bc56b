import { type Job, JobQueue } from '../../src/deflate/job-queue.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate job queue')

/** A job that writes down what happens to it and ends when told. */
class NotedJob implements Job {
  readonly #log: string[]
  readonly #name: string
  end: () => void = () => {}

  constructor(name: string, log: string[]) {
    this.#name = name
    this.#log = log
  }

  start(finished: () => void): void {
    this.#log.push(`${this.#name} starts`)
    this.end = finished
  }

  stop(): void {
    this.#log.push(`${this.#name} stops`)
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

test('stops a running job that is removed and goes on with the next', () => {
  const { log, queue, a } = makeJobs()
  queue.remove(a)
  assert.equal(log, ['a starts', 'a stops', 'b starts'])
  queue.remove(a)
  assert.is(log.length, 3)
})

test('goes on when a job is finished as soon as it starts', () => {
  const started: number[] = []
  const queue = new JobQueue(1)
  for (let index = 0; index < 3; index++) {
    queue.add({
      start(finished) {
        started.push(index)
        finished()
      },
      stop() {},
    })
  }
  assert.equal(started, [0, 1, 2])
})
