/** Intervals that tell how often frames come. */
const RECENT = 31
/** Nothing is missing in a longer time than this: the camera stood still, ms. */
const STOOD = 1000
/** Time between two frames where nothing tells it, ms. */
const USUAL = 1000 / 30

/** Counts frames, and those that are missing between them. */
export class FrameCounter {
  /** @type {number[]} */ #recent = []
  #last = NaN
  #interval = USUAL
  frames = 0
  /** Missing between those that came. */
  missing = 0
  /** Left out for want of time. */
  skipped = 0
  /** For how long the camera stood still, in times of a second and more, ms. */
  stillMs = 0

  /** @param {number} at  when a frame was captured, ms */
  frame(at) {
    const gap = at - this.#last
    this.#last = at
    this.frames++
    if (!(gap > 0)) return
    if (gap > STOOD) this.stillMs += gap
    else this.#count(gap)
  }

  /** @param {number} gap */
  #count(gap) {
    this.missing += this.#recent.length < 3 ? 0 : Math.max(0, Math.round(gap / this.#interval) - 1)
    this.#recent.push(gap)
    if (this.#recent.length > RECENT) this.#recent.shift()
    this.#interval = [...this.#recent].sort((a, b) => a - b)[this.#recent.length >> 1]
  }

  /**
   * For how long it stood still until then, ms.
   *
   * @param {number} until
   */
  stood(until) {
    const since = until - this.#last
    return this.stillMs + (since > STOOD ? since : 0)
  }

  /** The usual time between two frames: a camera takes longer in the dark, ms. */
  get interval() {
    return this.#interval
  }

  get dropped() {
    return this.missing + this.skipped
  }
}
