import { began } from './media.js'
import { LearnedDelay } from './learneddelay.js'

/** @import { TrimmedTime } from './trimmedtime.js' */

/** A turn further away than this is nobody's business yet, ms. */
const SOON = 2000
/** A turn that takes longer isn't waited for, ms. */
const LONG = 1500

/**
 * Brings a medium that loops back to its beginning: as much earlier as that takes
 * here, so that it is there when the timeline is. Learns from each turn.
 */
export class Seam {
  #element
  #time
  #cost = new LearnedDelay('turn', 120, 1000)
  #turn = NaN
  #off = () => {}
  #since = -Infinity
  /** @type {AbortController | null} */ #under = null

  /**
   * @param {HTMLMediaElement} element
   * @param {TrimmedTime} time
   */
  constructor(element, time) {
    this.#element = element
    this.#time = time
  }

  /** Is it going back to its beginning? */
  get turning() {
    return this.#under !== null && performance.now() - this.#since < LONG
  }

  /**
   * The timeline turns at `turn`.
   *
   * @param {number} turn  ms; Infinity: it doesn't
   * @param {number} rate
   */
  keep(turn, rate) {
    if (Math.abs(turn - this.#turn) < 1 || this.turning) return
    this.forget()
    if (turn - this.#time.now() > SOON) return
    this.#turn = turn
    this.#off = this.#time.when(turn - this.#cost.median, () => void this.#go(rate))
  }

  /** @param {number} rate */
  async #go(rate) {
    const element = this.#element
    if (element.paused || element.seeking) return
    const { signal } = (this.#under = new AbortController())
    this.#since = performance.now()
    element.currentTime = 0
    const since = await began(element, 0, rate, signal).catch(() => NaN)
    this.#cost.add(since - this.#since)
    if (!signal.aborted) this.#under = null
  }

  /** Something else is done with the medium. */
  forget() {
    this.#off()
    this.#turn = NaN
    this.#under?.abort()
    this.#under = null
  }
}
