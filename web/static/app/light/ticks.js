import { PAGE, gridOf, lit } from './code.js'

/** @import { Grid } from './code.js' */

/** Refreshes that are looked at before anything is told, and later on. */
const FEW = 30
const MANY = 240
/** A screen that is faster than that takes several refreshes for one, ms. */
const FASTEST = 8.2

/**
 * Which refresh of the screen is which: a line through their times, since each by itself jitters.
 * Times are session times in ms.
 */
export class Ticks {
  /** @type {number[]} */ #times = []
  /** @type {number[]} */ #counts = []
  #count = 0
  /** @type {{ page: number, first: number, grid: Grid } | null} */ #page = null
  #period = NaN

  /** Of refreshes, ms; NaN before they are known. */
  get period() {
    return this.#period
  }

  /** How far refreshes are from the line at the most, lately, ms. */
  get jitter() {
    const { offset, slope } = this.#line()
    return Math.max(...this.#times.map((time, i) => Math.abs(time - offset - slope * this.#counts[i])))
  }

  /**
   * The next refresh. Null while too little is known, and where the refresh before goes on.
   *
   * @param {number} time
   * @returns {{ page: number, grid: Grid, index: number } | null}
   */
  next(time) {
    const last = this.#times.at(-1)
    if (last !== undefined) {
      const interval = this.#period || this.#guess(time)
      if (time - last > 1000 || time < last) this.#restart()
      else this.#count += Math.max(1, Math.round((time - last) / interval))
    }
    this.#times.push(time)
    this.#counts.push(this.#count)
    if (this.#times.length > MANY) {
      this.#times.shift()
      this.#counts.shift()
    }
    if (this.#times.length < FEW) return null
    return this.#place()
  }

  #restart() {
    this.#times = []
    this.#counts = []
    this.#count = 0
    this.#page = null
    this.#period = NaN
  }

  /** @param {number} time */
  #guess(time) {
    const gaps = [...this.#times.slice(1), time].map((t, i) => t - this.#times[i]).sort((a, b) => a - b)
    return gaps[gaps.length >> 1]
  }

  #line() {
    const n = this.#times.length
    const t0 = this.#times[0]
    const x = this.#counts.reduce((a, b) => a + b, 0) / n
    const y = this.#times.reduce((a, b) => a + b - t0, 0) / n
    let xx = 0
    let xy = 0
    for (let i = 0; i < n; i++) {
      xx += (this.#counts[i] - x) ** 2
      xy += (this.#counts[i] - x) * (this.#times[i] - t0 - y)
    }
    const slope = xy / xx
    return { offset: t0 + y - slope * x, slope }
  }

  #place() {
    const { offset, slope } = this.#line()
    this.#period = slope
    const every = Math.max(1, Math.ceil(FASTEST / slope))
    const step = Math.floor(this.#count / every)
    const at = (/** @type {number} */ i) => offset + slope * every * i
    const number = Math.floor(at(step) / PAGE)
    if (!this.#page || number > this.#page.page) {
      const first = Math.ceil((number * PAGE - offset) / (slope * every))
      this.#page = { page: number, first, grid: gridOf(at(first) - number * PAGE, slope * every) }
    }
    const { page, first, grid } = this.#page
    const index = Math.max(step - first, 0)
    return lit(grid, index) < PAGE ? { page, grid, index } : null
  }
}
