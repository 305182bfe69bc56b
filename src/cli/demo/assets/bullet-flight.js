const FLIGHT_SECONDS = 9
const REST_SECONDS = 6
const MAX_WAITING = 50
/** Share of the picture's height where comments fly: the lake stays visible. */
const SKY_SHARE = 0.75

/**
 * Lets comments fly over an element, in lanes where they never overlap. When all lanes are occupied, comments wait;
 * when too many wait, the oldest are dropped.
 */
export class Flight {
  #element
  #isStill
  #isPaused = false
  /** The last comment of each lane. */
  #lanes = []
  #waiting = []
  #flying = new Set()

  /** With `isStill`, comments do not move: they appear for a while. */
  constructor(element, isStill) {
    this.#element = element
    this.#isStill = isStill
  }

  get flyingCount() {
    return this.#flying.size
  }

  get waitingCount() {
    return this.#waiting.length
  }

  add(text, className) {
    this.#waiting.push({ text, className })
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()
    this.pump()
  }

  pause(isPaused) {
    this.#isPaused = isPaused
    for (const { animation } of this.#flying) isPaused ? animation.pause() : animation.play()
  }

  /** Removes all comments. */
  clear() {
    for (const { animation } of this.#flying) animation.finish()
  }

  /** Starts waiting comments in the free lanes. */
  pump() {
    if (this.#isPaused || this.#waiting.length === 0) return
    const laneHeight = Number.parseFloat(getComputedStyle(this.#element).lineHeight)
    const laneCount = Math.max(1, Math.floor((this.#element.clientHeight * SKY_SHARE) / laneHeight))
    for (let index = 0; index < laneCount && this.#waiting.length > 0; index++) {
      if (!this.#isFree(this.#lanes[index], laneHeight)) continue
      this.#lanes[index] = this.#launch(this.#waiting.shift(), index * laneHeight)
    }
  }

  #isFree(last, gap) {
    if (last === undefined || !this.#flying.has(last)) return true
    if (this.#isStill()) return false
    const flown = (Number(last.animation.currentTime) / 1000) * last.speed
    return flown > last.width + gap
  }

  #launch({ text, className }, top) {
    const element = document.createElement('span')
    element.className = className
    element.textContent = text
    element.style.top = `${top}px`
    this.#element.append(element)
    const { clientWidth: stageWidth } = this.#element
    const width = element.offsetWidth
    const speed = stageWidth / FLIGHT_SECONDS
    const path = [`translateX(${stageWidth}px)`, `translateX(${-width}px)`]
    const middle = `translateX(${Math.max(0, (stageWidth - width) / 2)}px)`
    const animation = this.#isStill()
      ? element.animate({ transform: [middle, middle] }, REST_SECONDS * 1000)
      : element.animate({ transform: path }, ((stageWidth + width) / speed) * 1000)
    const flyer = { animation, width, speed }
    this.#flying.add(flyer)
    animation.onfinish = () => {
      element.remove()
      this.#flying.delete(flyer)
      this.pump()
    }
    return flyer
  }
}
