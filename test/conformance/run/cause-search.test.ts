import { findCauses } from '../../../src/conformance/run/cause-search.ts'
import type { Case } from '../../../src/conformance/script/case.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/run/cause-search')

/** A process that dies a number of cases after its cause, or when it is watched. */
class Mortal {
  readonly repeated: string[] = []
  watches = 0
  #fatal: readonly string[]
  #delay: number
  /** How many cases until the death, or null when there is no cause. */
  #left: number | null = null

  constructor(fatal: readonly string[], delay: number) {
    this.#fatal = fatal
    this.#delay = delay
  }

  async repeat({ id }: Case, isWatched: boolean): Promise<boolean> {
    this.repeated.push(id)
    if (isWatched) this.watches++
    if (this.#left !== null) this.#left--
    if (this.#fatal.includes(id)) this.#left ??= this.#delay
    const isDead = this.#left !== null && (this.#left <= 0 || isWatched)
    if (isDead) this.#left = null
    return isDead
  }
}

async function causesOf(count: number, fatal: readonly string[], delay: number): Promise<[string[], Mortal]> {
  const process = new Mortal(fatal, delay)
  const cases = Array.from({ length: count }, (_, index) => ({ id: `case ${index}`, run: async () => {} }))
  const causes = await findCauses(cases, (testCase, isWatched) => process.repeat(testCase, isWatched))
  return [causes.map(({ id }) => id).sort(), process]
}

test('cases that cause no death are repeated once, with one wait', async () => {
  const [causes, process] = await causesOf(30, [], 0)
  assert.equal(causes, [])
  assert.is(process.repeated.length, 30)
  assert.is(process.watches, 1)
})

test('finds each cause, whether the death is noticed during the case or later', async () => {
  for (const delay of [0, 1, 2, 5]) {
    for (const fatal of [['case 0'], ['case 7'], ['case 11'], ['case 3', 'case 4'], ['case 0', 'case 5', 'case 11']]) {
      const [causes] = await causesOf(12, fatal, delay)
      assert.equal(causes, [...fatal].sort(), `${fatal}, ${delay} cases later`)
    }
  }
})

test('a cause among many costs a few waits and not one for each case', async () => {
  const [, process] = await causesOf(40, ['case 17'], 1)
  assert.ok(process.watches <= 6, `${process.watches} waits`)
  assert.ok(process.repeated.length <= 3 * 40, `${process.repeated.length} repetitions`)
})

test('a loss that comes later than was waited for is not charged to the next case', async () => {
  const repeated: string[] = []
  let isDue = false
  const cases = ['case 0', 'case 1', 'case 2'].map((id) => ({ id, run: async () => {} }))
  const causes = await findCauses(cases, async ({ id }, isWatched) => {
    repeated.push(id)
    const isLost = isDue || repeated.length === 2
    isDue = id === 'case 0' && isWatched
    return isLost
  })
  assert.equal(causes, [])
  assert.equal(repeated, ['case 0', 'case 1', 'case 1', 'case 0', 'case 2', 'case 2'])
})
