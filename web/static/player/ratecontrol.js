import { Complaint, Corrector, MAX_CORRECTION, Seeks } from './controllaw.js'
import { Position } from './position.js'

/** How often the rate is corrected, ms. */
const CORRECT = 250

/**
 * Holds a medium that plays at the timeline by its rate, and says when that
 * isn't enough.
 */
export class RateControl {
  #element
  #corrector = new Corrector()
  #complaint = new Complaint()
  #corrected = -Infinity
  seeks = new Seeks()
  position

  /** @param {HTMLMediaElement} element */
  constructor(element) {
    this.#element = element
    this.position = new Position(element)
  }

  /**
   * The timeline's rate is another from now on, or its position jumped.
   *
   * @param {number} rate
   */
  follow(rate) {
    this.seeks.forgive()
    this.#corrector.reset()
    this.#corrected = -Infinity
    this.#set(rate, 0)
  }

  /**
   * @param {number} rate   the timeline's own
   * @param {number} drift  s
   * @param {number} d      device time, ms
   * @param {number} [most] the largest correction
   */
  correct(rate, drift, d, most) {
    if (d - this.#corrected < CORRECT) return
    this.#corrected = d
    this.#set(rate, this.#corrector.correct(drift, d, most))
  }

  /**
   * At the rate 1 the pitch follows the corrections: they are too small to be
   * heard, while keeping it costs Chromium 20 ms each time that it leaves
   * the rate 1, and lets its position waver by milliseconds.
   *
   * @param {number} base
   * @param {number} correction
   */
  #set(base, correction) {
    const rate = Math.max(1 / 16, Math.min(16, base * (1 + correction)))
    this.#element.preservesPitch = base !== 1 || Math.abs(correction) > MAX_CORRECTION
    if (this.#element.playbackRate === rate) return
    this.#element.playbackRate = rate
    this.position.runs(rate)
  }

  /**
   * Should the server hear of this drift?
   *
   * @param {number} drift  s
   * @param {number} d      device time, ms
   */
  complains(drift, d) {
    return this.#complaint.due(drift, d)
  }

  close() {
    this.position.close()
    this.#element.playbackRate = 1
    this.#element.preservesPitch = true
  }
}
