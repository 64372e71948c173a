/** The estimate follows a mean over about this many readings. */
const MEMORY = 8
/** A reading that is off by more than this is a jump or a fault, s. */
const JUMP = 0.06
/** Readings are believed for so long, ms. */
const FRESH = 400
/** So many of them one after the other are a jump. */
const JUMPS = 3

/**
 * Where a medium is, from readings that are noisy, stale or coarse: what the
 * rate lets expect, corrected by a part of what each reading says. Device
 * times are ms of performance.now(), positions s.
 */
export class Observer {
  #position = NaN
  #at = NaN
  #rate = 1
  #readings = 0
  #jumps = 0
  /** Mean distance of a reading from what was expected, s; as good as can be until it isn't. */
  #jitter = 0

  /** Enough readings since the last jump to be believed? */
  get settled() {
    return this.#readings >= 3
  }

  get jitter() {
    return this.#jitter
  }

  /**
   * Was there a reading not long before device time `d`? Without any, what is
   * expected goes on for ever, whatever the medium does.
   *
   * @param {number} d
   */
  fresh(d) {
    return d - this.#at < FRESH
  }

  /** Begins again: a seek, a start, a pause. */
  reset() {
    this.#readings = this.#jumps = 0
    this.#position = this.#at = NaN
  }

  /**
   * From device time `d` on the medium runs at `rate`.
   *
   * @param {number} d
   * @param {number} rate
   */
  runs(d, rate) {
    if (this.#readings) {
      this.#position = this.at(d)
      this.#at = d
    }
    this.#rate = rate
  }

  /**
   * @param {number} d         when it was read
   * @param {number} position  what was read
   */
  add(d, position) {
    if (!this.#readings) return this.#begin(d, position)
    if (d <= this.#at) return
    const error = position - this.at(d)
    if (Math.abs(error) > JUMP) return this.#far(d, position)
    this.#jumps = 0
    this.#jitter += (Math.abs(error) - this.#jitter) / MEMORY
    this.#readings++
    this.#position = this.at(d) + error / Math.min(this.#readings, MEMORY)
    this.#at = d
  }

  /**
   * The position at device time `d`, s.
   *
   * @param {number} d
   */
  at(d) {
    return this.#position + ((d - this.#at) / 1000) * this.#rate
  }

  /**
   * @param {number} d
   * @param {number} position
   */
  #begin(d, position) {
    this.#position = position
    this.#at = d
    this.#readings = 1
    this.#jumps = 0
  }

  /**
   * @param {number} d
   * @param {number} position
   */
  #far(d, position) {
    if (++this.#jumps >= JUMPS) this.#begin(d, position)
  }
}
